"""The delay queue: one bucket of order rows per step of arrival, in the order they were sent.

All environments share the buckets, whatever tick each is in, so that they go by steps. A new order
gets its id on the way in.
"""

from typing import NamedTuple

import numpy as np

from qtg.schemas import MsgType

from ._jit import kernel


class DelayQueue(NamedTuple):
    orders: np.recarray  # Orders (bucket, row); bucket = (now + delay) & (buckets - 1)
    market: np.ndarray  # int32 (bucket, row): each order's market
    n: np.ndarray  # int64 (bucket,): rows in each bucket
    now: np.ndarray  # int64 (1,): the present step
    next_id: np.ndarray  # int64 (E,): id of the next new order, per environment


@kernel
def next_place(queue, market, delay):
    """(bucket, row) for one more order that arrives after `delay` ticks; the caller has checked for
    room."""
    bucket = (queue.now[0] + delay) & (queue.n.shape[0] - 1)
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
def enqueue(queue, orders, k, env):
    """Copy order row `k` into the bucket of its arrival; a new order gets its id."""
    if orders[k].msg_type == MsgType.NEW:
        orders[k].order_id = next_id(queue, env)
    delay = orders[k].latency_ticks
    queue.orders[next_place(queue, orders[k].market, delay)] = orders[k]
