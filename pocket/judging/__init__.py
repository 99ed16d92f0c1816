"""Looks at pictures by classical vision and says what is in them. Knows no model."""
