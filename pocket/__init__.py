"""The embedded model: the world it draws, its training, its weights. Knows neither engine nor bot."""
