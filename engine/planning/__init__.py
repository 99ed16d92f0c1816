"""From what the user said to what will be done: plans, models, sizes, seeds. Loads no torch."""
