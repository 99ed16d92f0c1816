"""The drawn world: what its scenes are, and how they become pictures. Knows no words and no model."""
