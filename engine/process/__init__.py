"""The engine at work: its async front, the worker processes behind it, and the pipes between them."""
