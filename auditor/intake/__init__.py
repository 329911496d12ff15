"""Evidence that others recorded: one file for each form it comes in. Nothing here sends anything."""
