"""Other people's files: measured tables."""
