"""Market orders gathered in a call auction have no price: they queue beside their ladder.

One queue per ladder, in time priority, linked through `next` and `prev`. The key of a waiting
order is 0, which no limit order has. A ladder's `orders` counts only what is in it.
"""

from qtg.schemas import NO_ROW

from ._jit import kernel

AT_MARKET = 2  # value of `parked`


@kernel
def join_queue(book, slot):
    """Put an order (all its columns but the links set) at the end of its queue."""
    orders, ladders = book.orders, book.ladders
    r = orders.ladder[slot]
    last = ladders.last_at_market[r]
    orders.parked[slot] = AT_MARKET
    orders.prev[slot] = last
    orders.next[slot] = NO_ROW
    if last == NO_ROW:
        ladders.first_at_market[r] = slot
    else:
        orders.next[last] = slot
    ladders.last_at_market[r] = slot


@kernel
def leave_queue(book, r, slot):
    """Take an order out of its queue.

    The caller (`ladder.remove`) then takes it off the ladder's count, where it never was.
    """
    orders, ladders = book.orders, book.ladders
    before, after = orders.prev[slot], orders.next[slot]
    if before == NO_ROW:
        ladders.first_at_market[r] = after
    else:
        orders.next[before] = after
    if after == NO_ROW:
        ladders.last_at_market[r] = before
    else:
        orders.prev[after] = before
    orders.parked[slot] = 0
    ladders.orders[r] += 1
