"""The last mid prices of every market."""

import numpy as np

from qtg.schemas import PRICE_SCALE

from ..stateful import Stateful


class Mids(Stateful):
    """A ring of the last `length` mid prices of each market."""

    STATE = ("_ring", "_n")

    def __init__(self, length: int, markets: int) -> None:
        self._ring = np.zeros((length, markets), np.int64)
        self._n = 0

    def __len__(self) -> int:
        """Ticks that it can show now."""
        return min(self._n, len(self._ring))

    @property
    def length(self) -> int:
        """Ticks that it can show at most."""
        return len(self._ring)

    @property
    def nbytes(self) -> int:
        """Bytes of the ring."""
        return self._ring.nbytes

    def add(self, mid: np.ndarray) -> None:
        """Take the mids of a tick, int64 (markets,)."""
        self._ring[self._n % len(self._ring)] = mid
        self._n += 1

    def last(self, market: int, n: int) -> np.ndarray:
        """float64 (n,) or as many as there are [currency]: oldest first."""
        n = min(n, len(self))
        rows = np.arange(self._n - n, self._n) % len(self._ring)
        shown: np.ndarray = self._ring[rows, market] / PRICE_SCALE
        return shown
