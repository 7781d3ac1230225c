"""Draws from a distribution by a table of its quantiles: the same on every machine."""

import numpy as np

from ._jit import kernel

BINS = 4096  # quantiles in each row of a table


@kernel
def look_up(table, word):
    """Quantile for a 24-bit word; the last of the 4,096 bins is refined by the second row."""
    bin_ = np.int64(word >> np.uint64(12))
    if bin_ == BINS - 1:
        return np.int64(table[1, np.int64(word) & (BINS - 1)])
    return np.int64(table[0, bin_])
