"""Times inside a tick: a run's trades carry the tick's time, a market's their own."""

import numpy as np

from qtg.schemas import I64


def spread_over_ticks(time: I64, order_id: I64, tick_ns: int) -> I64:
    """Spread the orders of each tick evenly over it; the fills of one order stay together.

    Parameters
    ----------
    time : int64 (n,)        time of the tick [ns], never decreasing
    order_id : int64 (n,)    the order that took
    tick_ns : int            market time between two ticks

    Examples
    --------
    >>> spread_over_ticks(np.array([0, 0, 0, 100]), np.array([7, 7, 8, 9]), 100).tolist()
    [25, 25, 75, 150]
    """
    if not len(time):
        return time
    new_tick = np.diff(time, prepend=time[0] - 1) != 0
    new_order = new_tick | (np.diff(order_id, prepend=order_id[0]) != 0)
    tick = np.cumsum(new_tick) - 1
    orders = np.bincount(tick, weights=new_order).astype(np.int64)
    first = np.cumsum(orders) - orders
    place = np.cumsum(new_order) - 1 - first[tick]
    spread: I64 = time + (2 * place + 1) * tick_ns // (2 * orders[tick])
    return spread
