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
    place = np.uint64(order_id & (directory.order_id.shape[0] - 1))
    if directory.order_id[place] == order_id:
        return np.int64(directory.slot[place])
    bucket = _overflow_bucket(directory.overflow_id, order_id)
    if directory.overflow_id[bucket] == order_id:
        return np.int64(directory.overflow_slot[bucket])
    return np.int64(NO_ROW)


@kernel
def insert(directory, order_id, slot):
    """Add an id that is not yet held. There is always room: each table is twice the slots."""
    place = np.uint64(order_id & (directory.order_id.shape[0] - 1))
    if directory.order_id[place] == 0:
        directory.order_id[place] = order_id
        directory.slot[place] = slot
    else:
        bucket = _overflow_bucket(directory.overflow_id, order_id)
        directory.overflow_id[bucket] = order_id
        directory.overflow_slot[bucket] = slot


@kernel
def remove(directory, order_id):
    """Take out an id that is held."""
    place = np.uint64(order_id & (directory.order_id.shape[0] - 1))
    if directory.order_id[place] == order_id:
        directory.order_id[place] = 0
    else:
        _remove_overflow(directory, order_id)


@kernel
def _home(order_id, buckets):
    scattered = (np.uint64(order_id) * _GOLDEN) >> _HALF
    return np.int64((scattered * np.uint64(buckets)) >> _HALF)


@kernel
def _overflow_bucket(held, order_id):
    """Where the id is held, or the free bucket where it belongs."""
    bucket = _home(order_id, held.shape[0])
    while held[bucket] != order_id and held[bucket] != 0:
        bucket = (bucket + 1) & (held.shape[0] - 1)
    return bucket


@kernel
def _remove_overflow(directory, order_id):
    held = directory.overflow_id
    mask = held.shape[0] - 1
    hole = _overflow_bucket(held, order_id)
    bucket = (hole + 1) & mask
    while held[bucket] != 0:
        home = _home(held[bucket], held.shape[0])
        if ((bucket - home) & mask) >= ((bucket - hole) & mask):
            held[hole] = held[bucket]
            directory.overflow_slot[hole] = directory.overflow_slot[bucket]
            hole = bucket
        bucket = (bucket + 1) & mask
    held[hole] = 0


@kernel
def rebuild(directory, orders):
    """Fill an empty directory of one market from its resting orders."""
    for slot in range(orders.order_id.shape[0]):
        if orders.order_id[slot] != 0:
            insert(directory, orders.order_id[slot], slot)
