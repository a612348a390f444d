"""What arrives: needs only a signal-to-noise ratio."""
