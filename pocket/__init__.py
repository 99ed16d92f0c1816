"""The embedded model: the world it draws, its training and its weights. Knows nothing of the engine or the bot."""
