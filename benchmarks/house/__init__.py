"""What the house costs those who live in it: files that one request crosses, files that one change touches."""
