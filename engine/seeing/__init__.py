"""What a picture shows: described in words, and found by words."""
