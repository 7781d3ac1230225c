"""The delay queue: one bucket of order rows per arrival tick, in the order they were sent.

A new order gets its id on the way in.
"""

from typing import NamedTuple

import numpy as np

from qtg.schemas import MsgType

from ._jit import kernel


class DelayQueue(NamedTuple):
    orders: np.recarray  # Orders (bucket, row); bucket = arrival tick & (buckets - 1)
    market: np.ndarray  # int32 (bucket, row): each order's market
    n: np.ndarray  # int64 (bucket,): rows in each bucket
    next_id: np.ndarray  # int64 (E,): id of the next new order, per environment


@kernel
def next_place(queue, market, tick):
    """(bucket, row) for one more order that arrives at `tick`; the caller has checked for room."""
    bucket = tick & (queue.n.shape[0] - 1)
    row = queue.n[bucket]
    queue.n[bucket] = row + 1
    queue.market[bucket, row] = market
    return bucket, row


@kernel
def next_id(queue, env):
    """An id for a new order."""
    order_id = queue.next_id[env]
    queue.next_id[env] = order_id + 1
    return order_id


@kernel
def enqueue(queue, orders, k, env, tick):
    """Copy order row `k` into the bucket of `tick`; a new order gets its id."""
    if orders[k].msg_type == MsgType.NEW:
        orders[k].order_id = next_id(queue, env)
    queue.orders[next_place(queue, orders[k].market, tick)] = orders[k]
