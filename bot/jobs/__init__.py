"""The one flow of a job, from kept to delivered, whatever surface it came from."""
