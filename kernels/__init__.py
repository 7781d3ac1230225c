"""Numba kernels: columns in, columns rewritten. No I/O, no Python objects, no allocation."""
