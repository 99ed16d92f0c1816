"""How the model learns the drawn world: one file a stage, and the run that they share."""
