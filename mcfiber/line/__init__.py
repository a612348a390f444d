"""The way: what accumulates with length or depends on power."""
