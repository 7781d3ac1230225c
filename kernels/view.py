"""The market as strategies see it at the start of a tick."""

import numpy as np

from qtg.schemas import LADDERS

from ._jit import kernel
from .ladder import NO_KEY


@kernel
def _best(books, r):
    """(best key, open quantity there, live orders) of a side; `r` is its first ladder."""
    ladders, levels = books.ladders, books.levels
    orders = np.int64(ladders[r].orders) + ladders[r + 1].orders
    key = max(ladders[r].best, ladders[r + 1].best)
    qty = np.int64(0)
    if key != NO_KEY:
        i = key & (levels.shape[1] - 1)
        for row in (r, r + 1):
            if ladders[row].best == key:
                qty += levels[row, i].qty
    return key, qty, orders


@kernel
def read_books(books, view):
    """Refresh bid, ask, their quantities, mid and last of every market (view modified in place)."""
    for m in range(view.bid.shape[0]):
        step = view.tick_size[m]
        bid, view.bid_qty[m], view.bid_orders[m] = _best(books, m * LADDERS)
        ask, view.ask_qty[m], view.ask_orders[m] = _best(books, m * LADDERS + 2)
        view.bid[m] = bid * step if bid != NO_KEY else 0
        view.ask[m] = -ask * step if ask != NO_KEY else 0
        view.last[m] = books.markets[m].last_price
        if bid != NO_KEY and ask != NO_KEY:
            view.mid[m] = (view.bid[m] + view.ask[m]) // 2
        elif view.mid[m] == 0 or (bid == NO_KEY and ask == NO_KEY):
            view.mid[m] = view.last[m]
