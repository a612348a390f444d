"""Plain arrays in, plain arrays out: the door for other programs."""
