"""Public order id -> private slot, in O(1).

Ids are sequential, so each has its own place (id modulo the table's length) and neighbours share
cache lines. A place that an older living order still holds sends the newcomer to an overflow
table: open addressing with linear probing and a multiplicative hash, where deletion shifts later
entries back, so that there are no tombstones (Knuth, The Art of Computer Programming 3, section
6.4, algorithm R).
"""

import numpy as np

from qtg.schemas import NO_ROW

from ._jit import kernel

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)


@kernel
def find(directory, order_id):
    """Slot of a live order, or NO_ROW."""
    place = np.uint64(order_id & (directory.shape[0] - 1))
    if directory[place].order_id == order_id:
        return np.int64(directory[place].slot)
    bucket = _overflow_bucket(directory, order_id)
    if directory[bucket].overflow_id == order_id:
        return np.int64(directory[bucket].overflow_slot)
    return np.int64(NO_ROW)


@kernel
def insert(directory, order_id, slot):
    """Add an id that is not yet held. There is always room: each table is twice the slots."""
    place = np.uint64(order_id & (directory.shape[0] - 1))
    if directory[place].order_id == 0:
        directory[place].order_id = order_id
        directory[place].slot = slot
    else:
        bucket = _overflow_bucket(directory, order_id)
        directory[bucket].overflow_id = order_id
        directory[bucket].overflow_slot = slot


@kernel
def remove(directory, order_id):
    """Take out an id that is held."""
    place = np.uint64(order_id & (directory.shape[0] - 1))
    if directory[place].order_id == order_id:
        directory[place].order_id = 0
    else:
        _remove_overflow(directory, order_id)


@kernel
def _home(order_id, buckets):
    scattered = (np.uint64(order_id) * _GOLDEN) >> _HALF
    return np.int64((scattered * np.uint64(buckets)) >> _HALF)


@kernel
def _overflow_bucket(directory, order_id):
    """Where the id is held, or the free bucket where it belongs."""
    buckets = directory.shape[0]
    bucket = _home(order_id, buckets)
    while directory[bucket].overflow_id != order_id and directory[bucket].overflow_id != 0:
        bucket = (bucket + 1) & (buckets - 1)
    return bucket


@kernel
def _remove_overflow(directory, order_id):
    buckets = directory.shape[0]
    mask = buckets - 1
    hole = _overflow_bucket(directory, order_id)
    bucket = (hole + 1) & mask
    while directory[bucket].overflow_id != 0:
        held = directory[bucket].overflow_id
        if ((bucket - _home(held, buckets)) & mask) >= ((bucket - hole) & mask):
            directory[hole].overflow_id = held
            directory[hole].overflow_slot = directory[bucket].overflow_slot
            hole = bucket
        bucket = (bucket + 1) & mask
    directory[hole].overflow_id = 0


@kernel
def rebuild(directory, orders):
    """Fill an empty directory of one market from its resting orders."""
    for slot in range(orders.shape[0]):
        if orders[slot].order_id != 0:
            insert(directory, orders[slot].order_id, slot)
