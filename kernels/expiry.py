"""Good-till-tick orders leave the book at the start of their tick."""

import numpy as np

from qtg.schemas import NO_ROW, ExecType, Reason, Status

from ._jit import kernel
from .ladder import fetch_around, remove, resting_orders
from .market import market_book
from .matching import Incoming, log_resting
from .timers import CHUNK, ROWS, detach, fetch_chunk, free_chunk, start, waits
from .validation import MAX_TICK

AHEAD = 4  # orders


@kernel
def _expire_bucket(book, nobody, bucket, tick, events, k):
    """Expire what is due in one bucket and list the rest again; returns the next event row."""
    orders, chunks = book.orders, book.chunks
    outcome = (ExecType.EXPIRED, Reason.LIFETIME_OVER)
    chunk, listed = detach(book, bucket)
    while listed > 0:
        after = free_chunk(book, chunk)
        if listed > ROWS:
            fetch_chunk(book, after)
        for place in range(1, min(listed, ROWS) + 1):
            at = chunk * CHUNK + place
            slot = np.int64(chunks[np.uint64(at)])
            if place + AHEAD < CHUNK:
                fetch_around(book, chunks[np.uint64(at + AHEAD)])
            if not waits(book, slot, at):
                continue
            if orders[np.uint64(slot)].expire_tick <= tick:
                k = log_resting(events, k, book, nobody, slot, outcome)
                remove(book, slot)
            else:
                start(book, slot)
        listed -= ROWS
        chunk = after
    return k


@kernel
def expire_due(books, symbols, moment, progress, events):
    """Let all markets go on to the tick of their environment, and expire what is due by then.

    `symbols` are markets per environment, `moment` is Moment.

    Writes events through stretch 0 of `progress`, whose `row` counts finished markets.
    """
    buckets = books.timers.shape[1]
    k = progress.event[0]
    progress.status[0] = Status.OK
    while progress.row[0] < books.timers.shape[0]:
        m = progress.row[0]
        book = market_book(books, m)
        nobody = Incoming(NO_ROW, m, NO_ROW, 0, 0, 0, 0, 0)
        if k + resting_orders(book) > progress.end_event[0]:
            progress.status[0] = Status.GROW_EVENTS
            break
        tick = min(moment.tick[m // symbols], MAX_TICK)  # no order has a later one
        since = np.int64(books.markets[m].tick)
        for due in range(max(since + 1, tick - buckets + 1), tick + 1):
            k = _expire_bucket(book, nobody, due & (buckets - 1), tick, events, k)
        books.markets[m].tick = tick
        progress.row[0] += 1
    progress.event[0] = k


@kernel
def sweep_timers(books, events):
    """List only orders that still wait; returns the most chunks that a market uses then."""
    most = np.int64(0)
    for m in range(books.timers.shape[0]):
        book = market_book(books, m)
        nobody = Incoming(NO_ROW, m, NO_ROW, 0, 0, 0, 0, 0)
        used = np.int64(0)
        for bucket in range(book.timers.shape[0]):
            _expire_bucket(book, nobody, bucket, NO_ROW, events, 0)
            used += (book.timers[bucket].listed + ROWS - 1) // ROWS
        most = max(most, used)
    return most
