"""Slow price bands: every price of the window is kept, and means are fractions.

Written from docs/adr/0010-rules-of-the-market.md; knows nothing of the engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor


@dataclass
class SlowHalts:
    """Which markets are halted, and what became of each halt."""

    markets: int
    band_bps: int
    window: int
    halt_ticks: int
    prices: dict[int, list[int]] = field(default_factory=dict)
    since: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    ended: list[tuple[int, int, int, int, int, int]] = field(default_factory=list)

    @property
    def halted(self) -> set[int]:
        """Markets in which orders gather."""
        return set(self.since)

    def due(self, tick: int) -> list[int]:
        """Markets that trade again at the end of this tick."""
        return [m for m in sorted(self.since) if self.since[m][0] + self.halt_ticks == tick + 1]

    def end(
        self, tick: int, auctions: Mapping[int, int], last: Mapping[int, int], on: bool
    ) -> None:
        """The end of a tick; `auctions` are the prices at which the markets that are due traded.

        Notes (tick, market, start, reference, price, reopening price) of what ended.
        """
        for m in self.due(tick):
            self.ended.append((tick, m, *self.since.pop(m), auctions.get(m, 0)))
            self.prices[m] = []
        for m in range(self.markets):
            if m in self.since:
                continue
            seen = self.prices.setdefault(m, [])
            if seen and on:
                reference = floor(Fraction(sum(seen), len(seen)))
                if abs(last[m] - reference) > floor(Fraction(reference * self.band_bps, 10_000)):
                    self.since[m] = (tick + 1, reference, last[m])
                    continue
            self.prices[m] = [*seen, last[m]][-self.window :]
