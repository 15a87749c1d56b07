"""What a signed-in client sees."""
