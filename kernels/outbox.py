"""Where strategies put their orders during a tick; admission reads it.

`latency` travels with the order. The outbox has room for everything its strategies can send.
"""

from typing import Any, NamedTuple

import numpy as np

from qtg.schemas import ExecInst, MsgType, OrdType, TimeInForce

from ._jit import kernel


class Outbox(NamedTuple):
    orders: Any  # Orders (row,), as records; learners write theirs to columns
    n: np.ndarray  # int64 (1,): rows written so far


@kernel
def put_all(out, orders):
    """Orders as they are, columns (Orders)."""
    first = out.n[0]
    for i in range(len(orders.qty)):
        order = out.orders[first + i]
        order.msg_type = orders.msg_type[i]
        order.ord_type = orders.ord_type[i]
        order.tif = orders.tif[i]
        order.exec_inst = orders.exec_inst[i]
        order.side = orders.side[i]
        order.market = orders.market[i]
        order.agent = orders.agent[i]
        order.latency_ticks = orders.latency_ticks[i]
        order.price = orders.price[i]
        order.qty = orders.qty[i]
        order.order_id = orders.order_id[i]
        order.expire_tick = orders.expire_tick[i]
    out.n[0] = first + len(orders.qty)


@kernel
def _start(out, market, agent, latency, msg_type):
    k = out.n[0]
    out.n[0] = k + 1
    orders = out.orders
    orders.msg_type[k] = msg_type
    orders.ord_type[k] = OrdType.LIMIT
    orders.tif[k] = TimeInForce.GTC
    orders.exec_inst[k] = ExecInst.NONE
    orders.side[k] = 1
    orders.market[k] = market
    orders.agent[k] = agent
    orders.latency_ticks[k] = latency
    orders.price[k] = 0
    orders.qty[k] = 0
    orders.order_id[k] = 0
    orders.expire_tick[k] = 0
    return k


@kernel
def put_limit(out, market, agent, latency, side, price, qty, expire_tick):
    """A limit order; good till cancel if `expire_tick` is 0."""
    k = _start(out, market, agent, latency, MsgType.NEW)
    out.orders.side[k] = side
    out.orders.price[k] = price
    out.orders.qty[k] = qty
    if expire_tick > 0:
        out.orders.tif[k] = TimeInForce.GTT
        out.orders.expire_tick[k] = expire_tick


@kernel
def opposite_price(view, m, side):
    """What a limit order must offer to trade at once: the best price of the other side, or the last
    price in whole ticks if nobody quotes."""
    best, step = view.ask[m] if side > 0 else view.bid[m], view.tick_size[m]
    return best if best > 0 else max(view.last[m] // step, 1) * step


@kernel
def put_expiring(out, rows, i, m, side, price, qty, tick):
    """A limit order of row `i` that rests for its `lifetime`; returns the tick of its expiry."""
    latency = rows.latency[i]
    expire = tick + latency + max(np.int64(rows.lifetime[i]), 1)
    put_limit(out, m, rows.agent[i], latency, side, price, qty, expire)
    return expire


@kernel
def put_market(out, market, agent, latency, side, qty):
    """A market order."""
    k = _start(out, market, agent, latency, MsgType.NEW)
    out.orders.ord_type[k] = OrdType.MARKET
    out.orders.side[k] = side
    out.orders.qty[k] = qty


@kernel
def put_cancel(out, market, agent, latency, order_id):
    """A cancel of a resting order."""
    k = _start(out, market, agent, latency, MsgType.CANCEL)
    out.orders.order_id[k] = order_id


@kernel
def put_replace(out, market, agent, latency, order_id, price, qty):
    """New price and open quantity for a resting order."""
    k = _start(out, market, agent, latency, MsgType.REPLACE)
    out.orders.order_id[k] = order_id
    out.orders.price[k] = price
    out.orders.qty[k] = qty
