"""Moments of samples with holes: values that are NaN or infinite are left out.

Samples lie along the last axis, which is kept. In a row-ordered array NumPy then sums each sample
in the same order, so one market alone gives what it gives among others, to the bit.
"""

import numpy as np

from qtg.schemas import F64


def present(x: F64) -> F64:
    """The samples with NaN for infinite values."""
    return np.where(np.isfinite(x), x, np.nan)


def mean(x: F64) -> F64:
    """The mean; NaN where there is no value."""
    there = np.isfinite(x)
    with np.errstate(invalid="ignore"):
        total = np.where(there, x, 0.0).sum(-1, keepdims=True)
        result: F64 = total / there.sum(-1, keepdims=True)
    return result


def std(x: F64, ddof: int = 1) -> F64:
    """The standard deviation; NaN for less than ddof + 1 values.

    Values that are all equal have exactly 0, whatever their mean is rounded to.
    """
    there = np.isfinite(x)
    n = there.sum(-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        squares = np.where(there, (x - mean(x)) ** 2, 0.0).sum(-1, keepdims=True)
        result = np.sqrt(squares / np.where(n > ddof, n - ddof, np.nan))
    highest = np.where(there, x, -np.inf).max(-1, keepdims=True, initial=-np.inf)
    lowest = np.where(there, x, np.inf).min(-1, keepdims=True, initial=np.inf)
    return np.where((highest == lowest) & (n > ddof), 0.0, result)
