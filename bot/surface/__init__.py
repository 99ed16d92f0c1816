"""Discord: commands, buttons, and what they have in common."""
