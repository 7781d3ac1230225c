"""Expiry wheel: good-till-tick orders hang in the bucket of their tick.

Shape (market, bucket). An order further ahead than the wheel is long shares a bucket with
nearer ones and is passed over until its own tick comes.
"""

from qtg.schemas import NO_ROW

from ._jit import kernel


@kernel
def start(book, slot):
    """Hang an order into the bucket of its expiry tick."""
    orders, head = book.orders, book.timers
    bucket = orders[slot].expire_tick & (head.shape[0] - 1)
    first = head[bucket]
    orders[slot].timer_prev = NO_ROW
    orders[slot].timer_next = first
    if first != NO_ROW:
        orders[first].timer_prev = slot
    head[bucket] = slot


@kernel
def stop(book, slot):
    """Take an order out of its bucket."""
    orders, head = book.orders, book.timers
    before, after = orders[slot].timer_prev, orders[slot].timer_next
    if before == NO_ROW:
        head[orders[slot].expire_tick & (head.shape[0] - 1)] = after
    else:
        orders[before].timer_next = after
    if after != NO_ROW:
        orders[after].timer_prev = before
