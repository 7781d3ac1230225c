"""Price bands: a market that moves too fast stops, and reopens with an auction
(docs/adr/0010-rules-of-the-market.md)."""

import numpy as np

from qtg.kernels.auction import NOT_NOW
from qtg.kernels.bands import LOW_BITS, Bands, watch_bands
from qtg.schemas import ExecType, HaltRows, allocate, taken

from .config import Config
from .stateful import Stateful
from .venue import Venue


class Halts(Stateful):
    """Reference prices and halts of every market.

    Parameters
    ----------
    config : Config
    venue : Venue    its calls are begun and ended here
    """

    STATE = ("halted", "_rows", "_bands.prices", "_bands.sums", "_bands.n")

    def __init__(self, config: Config, venue: Venue) -> None:
        rules = config.halts
        self.on = rules.band_bps is not None
        self.halted = np.zeros(venue.n_markets, bool)
        self._venue = venue
        self._halt_ticks = rules.halt_ticks
        window, markets = rules.window_ticks if self.on else 1, venue.n_markets
        self._bands = Bands(
            np.zeros((window, markets), np.int64),
            np.zeros((2, markets), np.int64),
            np.zeros(markets, np.int64),
            rules.band_bps or 0,
        )
        self._moved = np.zeros(markets, bool)
        self._rows = allocate(HaltRows, venue.n_markets)
        self._reopened = np.zeros(0, np.int64)  # in the last tick

    def watch(self, active: bool) -> int:
        """Halt the markets that this tick moved out of their band, and note the others' prices.

        Returns how many markets are halted then.
        """
        markets = self._venue.book_columns.markets
        if watch_bands(self._bands, markets, self.halted, int(active), self._moved):
            moved = np.flatnonzero(self._moved)
            self._rows.start_tick[moved] = markets.tick[moved] + 1
            self._rows.reference[moved] = self.reference()[moved]
            self._rows.price[moved] = markets.last_price[moved]
            self.halted[moved] = True
            self._venue.begin_call(moved)
        return int(np.count_nonzero(self.halted))

    def reopen(self, k: int) -> int:
        """Let halted markets trade whose time is over; events go in from row `k`.

        Returns the next free event row.
        """
        tick = self._venue.book_columns.markets.tick
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
        self._bands.n[markets] = 0
        self._bands.sums[:, markets] = 0

    def reference(self) -> np.ndarray:
        """Mean of the prices noted, rounded down, int64 (market,); 0 where there is none."""
        n = np.clip(self._bands.n, 1, len(self._bands.prices))
        high, low = self._bands.sums
        mean: np.ndarray = (high // n << LOW_BITS) + ((high % n << LOW_BITS) + low) // n
        return mean

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
