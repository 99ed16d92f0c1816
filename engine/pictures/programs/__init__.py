"""What programs write of a prompt into their pictures: a file a program, and the value they share."""
