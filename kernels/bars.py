"""The bar that is going on in each market, which indicators take in when it ends."""

from typing import NamedTuple

import numpy as np

from qtg.schemas import PRICE_SCALE

from ._jit import kernel


class Bar(NamedTuple):
    """What a bar has come to so far, of mids at the start of each tick."""

    high: np.ndarray  # float64 (market,) [currency]; minus infinity at its start
    low: np.ndarray  # float64 (market,); infinity at its start
    volume: np.ndarray  # int64 (market,): shares traded


@kernel
def add_tick(bar, view, volume):
    """Take in a tick (bar modified in place); `volume`, int64 (market,), is the whole run's."""
    for m in range(len(bar.high)):
        price = view.mid[m] / PRICE_SCALE
        bar.high[m] = max(bar.high[m], price)
        bar.low[m] = min(bar.low[m], price)
        bar.volume[m] += view.volume[m]
        volume[m] += view.volume[m]


@kernel
def begin_bars(bar, tick, length):
    """Begin anew where a bar of `length` ticks ended with this tick, int64 (E,)."""
    symbols = len(bar.high) // len(tick)
    for env in range(len(tick)):
        if tick[env] % length == 0:
            for m in range(env * symbols, (env + 1) * symbols):
                bar.high[m], bar.low[m], bar.volume[m] = -np.inf, np.inf, 0
