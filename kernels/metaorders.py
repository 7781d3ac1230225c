"""Metaorders of the pool: large orders that are worked in small pieces for a long time.

At any time a market has a fixed number of them, each a buyer or a seller. One that is done is
followed by another with a side of its own. Durations with a tail index of a give signs of trades
a memory that falls as lag ** (1 - a).

Source: Lillo, Mike and Farmer (2005), Theory for long memory in supply and demand, Physical
Review E 71, 066122: a fixed number of hidden orders with power-law sizes.
"""

from typing import NamedTuple

import numpy as np

from qtg.schemas import Stream

from ._jit import kernel
from .quantiles import look_up
from .random import lane, philox

_8 = np.uint64(8)
_1 = np.uint64(1)


class Metaorders(NamedTuple):
    """State and terms of the metaorders at work."""

    side: np.ndarray  # int64 (market, slot): 1 buys, -1 sells
    end: np.ndarray  # int64 (market, slot): first tick at which it is done
    duration: np.ndarray  # int32 (2, bins): quantiles [ticks]
    share: float  # part of the pool's aggressive orders that belongs to them
    lean: np.ndarray  # float64 (market,): their buyers less their sellers, -1 .. 1


@kernel
def work_metaorders(metaorders, symbols, moment):
    """Replace those that are done (metaorders modified in place) and sum up the sides; `moment` is
    Moment."""
    side, end = metaorders.side, metaorders.end
    slots = side.shape[1]
    for m in range(side.shape[0]):
        env = m // symbols
        seed, tick = moment.seed[env], moment.tick[env]
        lane_word = lane(moment.env[env], Stream.METAORDER)
        total = np.int64(0)
        for slot in range(slots):
            if tick >= end[m, slot]:
                a, b, _, _ = philox(m % symbols, tick, slot, lane_word, seed)
                side[m, slot] = 1 if a & _1 else -1
                end[m, slot] = tick + look_up(metaorders.duration, b >> _8)
            total += side[m, slot]
        metaorders.lean[m] = np.float64(total) / np.float64(max(slots, 1))
