"""The studio: a page of the bot's own, for what a chat cannot do."""
