"""What arrives: needs only a signal-to-noise ratio or a channel matrix."""
