"""Whether a message is well formed for its market; each check returns a Reason, NONE if it is.

`markets` holds the terms, `m` the row in it.
"""

import numpy as np

from qtg.schemas import ExecInst, OrdType, Reason, TimeInForce

from ._jit import kernel

MAX_PRICE = (1 << 62) - 1
MAX_QTY = 1 << 40  # times the most resting orders of a market: 2**62 (docs/adr/0002)
MAX_TICK = (1 << 31) - 1


@kernel
def whole_ticks(price, step):
    """Ticks in a positive price, rounded down; unsigned, which divides faster."""
    return np.int64(np.uint64(price) // np.uint64(step))


@kernel
def check_new(markets, m, orders, row):
    """Reason to refuse a new order for its form, or NONE.

    Most orders are limit orders, good till cancel, without instructions: those codes are 0.
    """
    ord_type = orders.ord_type[row]
    if (ord_type | orders.tif[row] | orders.exec_inst[row]) != 0:
        reason = _check_kind(markets, m, orders, row)
        if reason != Reason.NONE:
            return reason
    side = np.int64(orders.side[row])
    if side * side != 1:  # one branch, which a processor foresees; sides come as they come
        return Reason.BAD_SIDE
    if ord_type == OrdType.MARKET:
        return check_qty(markets, m, orders.qty[row])
    return check_terms(markets, m, orders.price[row], orders.qty[row])


@kernel
def _check_kind(markets, m, orders, row):
    """Reason to refuse an order's type, time in force and instruction, or NONE."""
    ord_type, tif, inst = orders.ord_type[row], orders.tif[row], orders.exec_inst[row]
    if ord_type < OrdType.LIMIT or ord_type > OrdType.PROTECTED:
        return Reason.BAD_ORD_TYPE
    if tif < TimeInForce.GTC or tif > TimeInForce.GTT:
        return Reason.BAD_TIME_IN_FORCE
    if inst != ExecInst.NONE:
        rests = tif == TimeInForce.GTC or tif == TimeInForce.GTT
        if inst != ExecInst.POST_ONLY or ord_type != OrdType.LIMIT or not rests:
            return Reason.BAD_EXEC_INST
    if tif == TimeInForce.GTT:
        if ord_type != OrdType.LIMIT:
            return Reason.BAD_TIME_IN_FORCE
        tick = markets[m].tick
        if orders.expire_tick[row] <= tick or orders.expire_tick[row] > MAX_TICK:
            return Reason.BAD_EXPIRE_TICK
    return Reason.NONE


@kernel
def check_replace(markets, m, orders, row):
    """Reason to refuse a replace for its form, or NONE."""
    inst = orders.exec_inst[row]
    if inst != ExecInst.NONE and inst != ExecInst.POST_ONLY:
        return Reason.BAD_EXEC_INST
    return check_terms(markets, m, orders.price[row], orders.qty[row])


@kernel
def check_qty(markets, m, qty):
    if np.uint64(qty - 1) >= np.uint64(MAX_QTY):
        return Reason.BAD_QTY
    lot = markets[m].lot_size
    if lot != 1 and qty % lot != 0:
        return Reason.OFF_LOT
    return Reason.NONE


@kernel
def check_terms(markets, m, price, qty):
    if np.uint64(price - 1) >= np.uint64(MAX_PRICE):
        return Reason.BAD_PRICE
    step = markets[m].tick_size
    if step != 1 and whole_ticks(price, step) * step != price:
        return Reason.OFF_TICK
    return check_qty(markets, m, qty)
