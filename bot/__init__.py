"""Easel's Discord surface, its memory and its command line. Never loads torch."""
