"""Numba kernels on plain arrays in SI units: no labels, no checks, no input or output."""
