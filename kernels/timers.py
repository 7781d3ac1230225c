"""Expiry wheel: good-till-tick orders are listed in the bucket of their tick.

A bucket's list is a chain of chunks, each one cache line: the next chunk, then the rows of up to
15 orders, in the order they came. An order that trades or is cancelled stays listed; an order
knows its place (`timer`), so whoever reads the list can tell that its row has another order now or
none. So an order that comes touches only the list's end, one that goes touches nothing, and what
expires can be fetched ahead. An order further ahead than the wheel is long shares a bucket with
nearer ones and is listed again when they expire.
"""

import numpy as np

from qtg.schemas import NO_ROW

from ._jit import kernel
from .prefetch import prefetch

CHUNK = 16  # words
ROWS = CHUNK - 1  # order rows in a chunk


@kernel
def room(book):
    """How many orders can be listed for sure, whatever their buckets."""
    markets = book.markets
    fresh = book.chunks.shape[0] // CHUNK - markets[0].fresh_chunk
    return max(fresh, np.int64(markets[0].free_chunk != NO_ROW))


@kernel
def _take_chunk(book):
    markets = book.markets
    chunk = np.int64(markets[0].free_chunk)
    if chunk == NO_ROW:
        chunk = np.int64(markets[0].fresh_chunk)
        markets[0].fresh_chunk += 1
    else:
        markets[0].free_chunk = book.chunks[chunk * CHUNK]
    book.chunks[chunk * CHUNK] = NO_ROW
    return chunk


@kernel
def start(book, slot):
    """List an order in the bucket of its expiry tick; the caller has checked for room."""
    timers, due = book.timers, book.chunks
    bucket = np.uint64(book.orders[np.uint64(slot)].expire_tick & (timers.shape[0] - 1))
    listed = timers[bucket].listed
    place = np.uint32(listed) % np.uint32(ROWS)
    if place == 0:
        chunk = _take_chunk(book)
        if listed == 0:
            timers[bucket].head = chunk
        else:
            due[np.uint64(timers[bucket].tail * CHUNK)] = chunk
        timers[bucket].tail = chunk
    at = timers[bucket].tail * CHUNK + 1 + np.int64(place)
    due[np.uint64(at)] = slot
    book.orders[np.uint64(slot)].timer = at
    timers[bucket].listed = listed + 1


@kernel
def waits(book, slot, at):
    """Whether place `at` of the lists stands for an order that still rests."""
    order = book.orders[np.uint64(slot)]
    return order.order_id != 0 and order.expire_tick > 0 and order.timer == at


@kernel
def detach(book, bucket):
    """Empty a bucket; returns its (first chunk, rows listed)."""
    timers = book.timers
    head, listed = np.int64(timers[bucket].head), np.int64(timers[bucket].listed)
    timers[bucket].listed = 0
    return head, listed


@kernel
def fetch_chunk(book, chunk):
    """Fetch the orders that a chunk lists, and the chunk after it."""
    if chunk == NO_ROW:
        return
    for place in range(1, CHUNK):
        prefetch(book.orders, book.chunks[np.uint64(chunk * CHUNK + place)])
    prefetch(book.chunks, book.chunks[np.uint64(chunk * CHUNK)] * CHUNK)


@kernel
def free_chunk(book, chunk):
    """Give a detached chunk back; returns the chunk after it.

    Its rows may still be read while orders are listed: a list that is read and written again is
    written behind the place where it is read.
    """
    after = np.int64(book.chunks[chunk * CHUNK])
    book.chunks[chunk * CHUNK] = book.markets[0].free_chunk
    book.markets[0].free_chunk = chunk
    return after
