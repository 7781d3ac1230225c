"""Memory for results."""

from math import prod

import numpy as np

from qtg.schemas import F64

LARGE = 1 << 20  # bytes


def new_column(shape: tuple[int, ...]) -> F64:
    """float64 of a shape, with whatever is in that memory.

    Large ones come from Arrow's memory pool, which gives pages that were used before: pages that
    are new to the process cost as much as an indicator (measured: 80 MB of moving averages take
    13 ms in such memory and 22 ms in memory of `np.empty`).
    """
    nbytes = 8 * prod(shape)
    if nbytes < LARGE:
        return np.empty(shape)
    import pyarrow as pa

    column: F64 = np.frombuffer(pa.allocate_buffer(nbytes), np.float64).reshape(shape)
    return column
