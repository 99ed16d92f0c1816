"""What outlives the process: jobs, panels, people, rules in SQLite, and pictures as files."""
