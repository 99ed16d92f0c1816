"""The program: its command line, its health, its start and its end."""
