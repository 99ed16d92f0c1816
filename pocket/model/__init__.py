"""What the model is made of, and pictures from it. Knows neither the drawn world nor its training."""
