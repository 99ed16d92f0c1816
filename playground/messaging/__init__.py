"""What bots and people send becomes messages and interactions of the world."""
