"""The delay queue: one bucket of order rows per arrival tick, in the order they were sent."""

from typing import NamedTuple

import numpy as np

from qtg.schemas import Orders

from ._jit import kernel


class DelayQueue(NamedTuple):
    orders: Orders  # columns of shape (bucket, row); bucket = arrival tick & (buckets - 1)
    n: np.ndarray  # int64 (bucket,): rows in each bucket


@kernel
def next_place(queue, tick):
    """(bucket, row) for one more order that arrives at `tick`; the caller has checked for room."""
    bucket = tick & (queue.n.shape[0] - 1)
    row = queue.n[bucket]
    queue.n[bucket] = row + 1
    return bucket, row


@kernel
def enqueue(queue, orders, k, tick):
    """Copy order row `k` into the bucket of `tick`."""
    bucket, row = next_place(queue, tick)
    waiting = queue.orders
    waiting.msg_type[bucket, row] = orders.msg_type[k]
    waiting.ord_type[bucket, row] = orders.ord_type[k]
    waiting.tif[bucket, row] = orders.tif[k]
    waiting.exec_inst[bucket, row] = orders.exec_inst[k]
    waiting.side[bucket, row] = orders.side[k]
    waiting.market[bucket, row] = orders.market[k]
    waiting.agent[bucket, row] = orders.agent[k]
    waiting.latency_ticks[bucket, row] = orders.latency_ticks[k]
    waiting.price[bucket, row] = orders.price[k]
    waiting.qty[bucket, row] = orders.qty[k]
    waiting.order_id[bucket, row] = orders.order_id[k]
    waiting.expire_tick[bucket, row] = orders.expire_tick[k]
