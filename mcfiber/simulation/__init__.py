"""The slow and the random, on the same records as the fast path."""
