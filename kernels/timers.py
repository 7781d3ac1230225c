"""Expiry wheel: good-till-tick orders hang in the bucket of their tick.

Shape (market, bucket). An order further ahead than the wheel is long shares a bucket with
nearer ones and is passed over until its own tick comes.
"""

from qtg.schemas import NO_ROW

from ._jit import kernel


@kernel
def start(book, slot):
    """Hang an order into the bucket of its expiry tick."""
    orders, head = book.orders, book.timers.head
    bucket = orders.expire_tick[slot] & (head.shape[0] - 1)
    first = head[bucket]
    orders.timer_prev[slot] = NO_ROW
    orders.timer_next[slot] = first
    if first != NO_ROW:
        orders.timer_prev[first] = slot
    head[bucket] = slot


@kernel
def stop(book, slot):
    """Take an order out of its bucket."""
    orders, head = book.orders, book.timers.head
    before, after = orders.timer_prev[slot], orders.timer_next[slot]
    if before == NO_ROW:
        head[orders.expire_tick[slot] & (head.shape[0] - 1)] = after
    else:
        orders.timer_next[before] = after
    if after != NO_ROW:
        orders.timer_prev[after] = before
