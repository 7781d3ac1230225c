"""Price bands: a market that moves too fast stops, and reopens with an auction
(docs/adr/0010-rules-of-the-market.md)."""

import numpy as np

from qtg.kernels.auction import NOT_NOW
from qtg.schemas import ExecType, HaltRows, allocate, taken

from .config import Config
from .venue import Venue

_LOW = 31  # prices are summed in two halves, so that no sum leaves an int64
BPS = 10_000


class Halts:
    """Reference prices and halts of every market.

    Parameters
    ----------
    config : Config
    venue : Venue    its calls are begun and ended here
    """

    def __init__(self, config: Config, venue: Venue) -> None:
        rules = config.halts
        self.on = rules.band_bps is not None
        self.halted = np.zeros(venue.n_markets, bool)
        self._venue = venue
        self._band_bps = rules.band_bps or 0
        self._halt_ticks = rules.halt_ticks
        window = rules.window_ticks if self.on else 1
        self._prices = np.zeros((window, venue.n_markets), np.int64)
        self._sums = np.zeros((2, venue.n_markets), np.int64)  # of the prices' two halves
        self._n = np.zeros(venue.n_markets, np.int64)  # prices seen since the mean began
        self._rows = allocate(HaltRows, venue.n_markets)
        self._reopened = np.zeros(0, np.int64)  # in the last tick

    def watch(self, tick: int, active: bool) -> int:
        """Halt the markets that this tick moved out of their band, and note the others' prices.

        Returns how many markets are halted then.
        """
        last = self._venue.book_columns.markets.last_price.copy()
        reference = self.reference()
        band = reference // BPS * self._band_bps + reference % BPS * self._band_bps // BPS
        moved = (self._n > 0) & ~self.halted & (np.abs(last - reference) > band)
        if active and moved.any():
            self._rows.start_tick[moved] = tick + 1
            self._rows.reference[moved] = reference[moved]
            self._rows.price[moved] = last[moved]
            self.halted |= moved
            self._venue.begin_call(np.flatnonzero(moved))
        self._note(last, np.flatnonzero(~self.halted))
        return int(np.count_nonzero(self.halted))

    def reopen(self, tick: int, k: int) -> int:
        """Let halted markets trade whose time is over; events go in from row `k`.

        Returns the next free event row.
        """
        due = self.halted & (self._rows.start_tick + self._halt_ticks <= tick + 1)
        self._reopened = np.flatnonzero(due)
        if not due.any():
            return k
        n = self._venue.end_call(np.where(due, 0, NOT_NOW), k)
        self.restart(due)
        events = self._venue.events
        trades = k + np.flatnonzero(events.exec_type[k:n] == ExecType.TRADE)
        self._rows.reopening[due] = 0
        self._rows.reopening[events.market[trades]] = events.price[trades]
        self.halted[due] = False
        return n

    def restart(self, markets: np.ndarray | slice = slice(None)) -> None:
        """Begin the mean again: with the next tick's price."""
        self._n[markets] = 0
        self._sums[:, markets] = 0

    def reference(self) -> np.ndarray:
        """Mean of the prices noted, rounded down, int64 (market,); 0 where there is none."""
        n = np.maximum(np.minimum(self._n, len(self._prices)), 1)
        high, low = self._sums
        return (high // n << _LOW) + ((high % n << _LOW) + low) // n

    def ended(self, clock: tuple[int, int], symbols: int, last: bool = False) -> HaltRows:
        """Halts that ended in this tick, for storage; with `last` those that have not.

        `clock` is (tick, time in ns).
        """
        if last:
            self._rows.reopening[self.halted] = 0
        rows = taken(self._rows, np.flatnonzero(self.halted) if last else self._reopened)
        markets = np.flatnonzero(self.halted) if last else self._reopened
        rows.tick[:], rows.time[:] = clock
        rows.symbol[:] = markets % symbols
        return rows

    def _note(self, last: np.ndarray, markets: np.ndarray) -> None:
        window = len(self._prices)
        place = self._n[markets] % window
        full = self._n[markets] >= window
        old, new = self._prices[place, markets] * full, last[markets]
        self._sums[0, markets] += (new >> _LOW) - (old >> _LOW)
        self._sums[1, markets] += (new & ((1 << _LOW) - 1)) - (old & ((1 << _LOW) - 1))
        self._prices[place, markets] = new
        self._n[markets] += 1
