"""Whose turn it is, what work costs and when it will be done. Pure: no torch, no clock of its own."""
