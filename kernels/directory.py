"""Public order id -> private slot, in O(1).

The pool's orders are not listed: they live until they trade or expire, and nobody amends them.

Ids are sequential, so each has its own place (id modulo the table's length) and neighbours share
cache lines. A place counts only while the order in its slot has its id, so an order that trades
touches nothing here. A place that an older living order holds sends the newcomer to an overflow
table: open addressing with linear probing and a multiplicative hash, where deletion shifts later
entries back, so that there are no tombstones (Knuth, The Art of Computer Programming 3, section
6.4, algorithm R).
"""

import numpy as np

from qtg.schemas import NO_ROW, Account

from ._jit import kernel

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)


@kernel
def find(book, order_id):
    """Slot of a live order, or NO_ROW."""
    directory, overflow = book.directory, book.overflow
    place = np.uint64(order_id & (directory.shape[0] - 1))
    slot = np.int64(directory[place].slot)
    if directory[place].order_id == order_id and book.orders[np.uint64(slot)].order_id == order_id:
        return slot
    bucket = bucket_of(overflow, order_id)
    if overflow[bucket].order_id == order_id:
        return np.int64(overflow[bucket].slot)
    return np.int64(NO_ROW)


@kernel
def insert(book, order_id, slot):
    """Add the id of the order in `slot`. There is always room: each table is twice the slots."""
    directory, overflow, orders = book.directory, book.overflow, book.orders
    place = np.uint64(order_id & (directory.shape[0] - 1))
    held = directory[place].order_id
    taken = held != 0 and held != order_id
    if taken and orders[np.uint64(directory[place].slot)].order_id == held:
        bucket = bucket_of(overflow, order_id)
        overflow[bucket].order_id = order_id
        overflow[bucket].slot = slot
        orders[np.uint64(slot)].displaced = 1
    else:
        directory[place].order_id = order_id
        directory[place].slot = slot
        orders[np.uint64(slot)].displaced = 0


@kernel
def remove(book, order_id, slot):
    """Take out the id of the order in `slot`, which ends.

    A place in the directory needs nothing: it counts only while its order has the id.
    """
    if book.orders[np.uint64(slot)].displaced:
        book.orders[np.uint64(slot)].displaced = 0
        _remove_overflow(book.overflow, order_id)


@kernel
def _home(order_id, buckets):
    scattered = (np.uint64(order_id) * _GOLDEN) >> _HALF
    return np.int64((scattered * np.uint64(buckets)) >> _HALF)


@kernel
def bucket_of(table, order_id):
    """Where the id is held, or the free bucket where it belongs.

    `table` (Directory) has a power of two of rows, one of them free; id 0 is a free row.
    """
    buckets = table.shape[0]
    bucket = _home(order_id, buckets)
    while table[bucket].order_id != order_id and table[bucket].order_id != 0:
        bucket = (bucket + 1) & (buckets - 1)
    return bucket


@kernel
def _remove_overflow(overflow, order_id):
    buckets = overflow.shape[0]
    mask = buckets - 1
    hole = bucket_of(overflow, order_id)
    bucket = (hole + 1) & mask
    while overflow[bucket].order_id != 0:
        held = overflow[bucket].order_id
        if ((bucket - _home(held, buckets)) & mask) >= ((bucket - hole) & mask):
            overflow[hole].order_id = held
            overflow[hole].slot = overflow[bucket].slot
            hole = bucket
        bucket = (bucket + 1) & mask
    overflow[hole].order_id = 0


@kernel
def rebuild(book):
    """Fill the empty directory of one market from its resting orders."""
    orders = book.orders
    for slot in range(orders.shape[0]):
        if orders[slot].order_id != 0 and orders[slot].agent != Account.POOL:
            insert(book, orders[slot].order_id, slot)
