"""What other tools say of the same recorded replies, as far as their public data can be applied to what was recorded."""
