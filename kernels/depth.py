"""How much is open at each price near the best."""

import numpy as np

from qtg.schemas import NO_ROW

from ._jit import kernel
from .ladder import NO_KEY
from .market import market_book
from .parked import parked_qty


@kernel
def _qty_at(book, r, key):
    """Open quantity of ladder `r` of one market at a key."""
    ladders = book.ladders
    if ladders[r].best == NO_KEY or key > ladders[r].best:
        return np.int64(0)
    if key >= ladders[r].low:
        level = book.levels[r, key & (book.levels.shape[1] - 1)]
        return np.int64(level.qty) if level.head != NO_ROW else np.int64(0)
    here, _ = parked_qty(book, r, key, NO_ROW)
    better, _ = parked_qty(book, r, key + 1, NO_ROW)
    return here - better


@kernel
def write_depth(books, levels, clock, symbols, out, at):
    """Write the depth of the first `symbols` markets into `out` (Depth) from row `at` on.

    A side that has orders gets `levels` rows, from its best price on, tick by tick, but none at
    a price below one tick. `clock` is (tick, time). Returns the next free row.
    """
    tick, time = clock
    for m in range(symbols):
        book = market_book(books, m)
        step = book.markets[0].tick_size
        for first, side in ((0, 1), (2, -1)):
            best = max(book.ladders[first].best, book.ladders[first + 1].best)
            if best == NO_KEY:
                continue
            for distance in range(levels):
                key = best - distance
                if side * key < 1:
                    break
                out.tick[at] = tick
                out.time[at] = time
                out.symbol[at] = m
                out.side[at] = side
                out.distance[at] = distance
                out.price[at] = side * key * step
                out.qty[at] = _qty_at(book, first, key) + _qty_at(book, first + 1, key)
                at += 1
    return at
