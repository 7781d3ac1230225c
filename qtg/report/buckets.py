"""Long series made short: one bucket of ticks becomes one or two points."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Values = NDArray[Any]


class Buckets:
    """Splits rows 0 .. rows-1 into at most `most` runs of equal length (the last may be shorter).

    Parameters
    ----------
    rows : int   length of the series, >= 1
    most : int   most buckets wanted, >= 1

    Examples
    --------
    >>> b = Buckets(5, 3)
    >>> b.size, b.total(np.array([1.0, 2.0, 3.0, 4.0, 5.0])).tolist()
    (2, [3.0, 7.0, 5.0])
    """

    def __init__(self, rows: int, most: int) -> None:
        self.rows = rows
        self.size = -(-rows // most)
        self.start = np.arange(0, rows, self.size)
        self._last = np.append(self.start[1:], rows) - 1

    def first(self, x: Values) -> Values:
        """Value of each bucket's first row."""
        return np.asarray(x[self.start])

    def last(self, x: Values) -> Values:
        """Value of each bucket's last row."""
        return np.asarray(x[self._last])

    def low(self, x: Floats) -> Floats:
        """Smallest value per bucket, NaN ignored."""
        return np.asarray(np.fmin.reduceat(x, self.start), np.float64)

    def high(self, x: Floats) -> Floats:
        """Largest value per bucket, NaN ignored."""
        return np.asarray(np.fmax.reduceat(x, self.start), np.float64)

    def total(self, x: Floats) -> Floats:
        """Sum per bucket, NaN counted as 0."""
        return np.asarray(np.add.reduceat(np.nan_to_num(x), self.start), np.float64)

    def mean(self, x: Floats) -> Floats:
        """Mean per bucket over the values that exist; NaN where there are none."""
        present = np.add.reduceat(np.isfinite(x).astype(np.float64), self.start)
        with np.errstate(invalid="ignore"):
            return np.asarray(self.total(x) / present, np.float64)

    def extremes(self, tick: Values, x: Floats) -> tuple[Values, Floats]:
        """The rows with each bucket's smallest and largest value, in time order.

        A line through them looks like the line through all rows: no peak is lost.

        Returns
        -------
        tick, value : arrays (n,)   at most two points per bucket; the series itself when a
                                    bucket is one or two rows long
        """
        if self.size <= 2:
            return tick, x
        padded = np.full(len(self.start) * self.size, np.nan)
        padded[: self.rows] = x
        grid = padded.reshape(-1, self.size)
        low = np.where(np.isnan(grid), np.inf, grid).argmin(axis=1) + self.start
        high = np.where(np.isnan(grid), -np.inf, grid).argmax(axis=1) + self.start
        rows = np.unique(np.concatenate([low, high]))
        return tick[rows], x[rows]
