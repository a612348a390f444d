"""The public data that ship with the library, and their loader."""
