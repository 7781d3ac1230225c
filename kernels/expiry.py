"""Good-till-tick orders leave the book at the start of their tick."""

from qtg.schemas import NO_ROW, ExecType, Reason, Status

from ._jit import kernel
from .ladder import remove
from .market import market_book
from .matching import Incoming, log_resting


@kernel
def _expire_bucket(book, nobody, bucket, tick, events, k, end):
    """Expire what is due in one bucket; returns (next event row, whether it got through)."""
    orders = book.orders
    slot = book.timers[bucket]
    outcome = (ExecType.EXPIRED, Reason.LIFETIME_OVER)
    while slot != NO_ROW:
        after = orders[slot].timer_next
        if orders[slot].expire_tick <= tick:
            if k == end:
                return k, False
            k = log_resting(events, k, book, nobody, slot, outcome)
            remove(book, slot)
        slot = after
    return k, True


@kernel
def expire_due(books, since, tick, progress, events):
    """Expire the orders of all markets due after tick `since` and up to `tick`.

    Writes events through stretch 0 of `progress`, whose `row` counts finished markets.
    """
    buckets = books.timers.shape[1]
    k = progress.event[0]
    progress.status[0] = Status.OK
    while progress.row[0] < books.timers.shape[0]:
        m = progress.row[0]
        book = market_book(books, m)
        nobody = Incoming(NO_ROW, m, NO_ROW, 0, 0, 0, 0, 0)
        for due in range(max(since + 1, tick - buckets + 1), tick + 1):
            bucket = due & (buckets - 1)
            k, through = _expire_bucket(
                book, nobody, bucket, tick, events, k, progress.end_event[0]
            )
            if not through:
                progress.event[0] = k
                progress.status[0] = Status.GROW_EVENTS
                return
        progress.row[0] += 1
    progress.event[0] = k
