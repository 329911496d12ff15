"""Replies that others recorded, kept beside the checkout: scored, counted by rule, and published in docs/accuracy.md."""
