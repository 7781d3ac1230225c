"""The resting orders of chosen agents, as columns.

Orders are not listed by owner, which would be work for every order of every run: whoever asks
pays for one pass over the slots, up to the last order that is not the pool's.
"""

import numpy as np

from qtg.schemas import LADDERS, NO_ROW

from ._jit import kernel
from .at_market import AT_MARKET


@kernel
def _others(books, m):
    """Live orders of market `m` outside the pool's ladders.

    Market orders that wait for a call to end are in no ladder and count, the pool's too.
    """
    pool = np.int64(books.ladders[m * LADDERS + 1].orders) + books.ladders[m * LADDERS + 3].orders
    return np.int64(books.markets[m].fresh) - books.markets[m].free - pool


@kernel
def count_others(books, first, end):
    """Live orders of markets `first` to `end - 1` that `find_own` may find at most."""
    n = 0
    for m in range(first, end):
        n += _others(books, m)
    return n


@kernel
def _write(books, m, slot, first, row, out, n):
    order = books.orders[m, slot]
    side = 1 - (np.int64(order.ladder) & 2)
    out.order_id[n] = order.order_id
    out.row[n] = row
    out.symbol[n] = m - first
    out.side[n] = side
    out.price[n] = side * order.key * books.markets[m].tick_size
    out.qty[n] = order.qty


@kernel
def find_own(books, first, end, row_of, out):
    """List the live orders of the agents that have a row.

    Parameters
    ----------
    books : Book              of all markets
    first, end : int          markets of one environment
    row_of : int32 (agents,)  row of each agent, NO_ROW where its orders are left out
    out : OwnOrders           with room for `count_others` rows; modified in place

    Returns
    -------
    int    rows written, market by market
    """
    n = 0
    for m in range(first, end):
        orders, left, slot = books.orders[m], _others(books, m), 0
        while left > 0:
            order_id, agent = orders[slot].order_id, orders[slot].agent
            in_pools_ladder = orders[slot].ladder & 1 and orders[slot].parked != AT_MARKET
            if order_id != 0 and not in_pools_ladder:
                left -= 1
                if 0 <= agent < row_of.shape[0] and row_of[agent] != NO_ROW:
                    _write(books, m, slot, first, row_of[agent], out, n)
                    n += 1
            slot += 1
    return n
