"""From what a user's strategy returned to order rows."""

from typing import Any

import numpy as np

from qtg.kernels.validation import MAX_PRICE, MAX_QTY, MAX_TICK
from qtg.schemas import PRICE_SCALE, MsgType, Orders, OrdType, TimeInForce, allocate

from ..errors import StrategyError
from .context import StrategyContext

_NEW = ("row", "symbol", "side", "qty", "price", "lifetime")
_AMEND = ("order_id", "price", "qty")
_DEAREST = (MAX_PRICE // 2) / PRICE_SCALE  # leaves room for rounding to the grid

Columns = dict[str, np.ndarray]


def answer_to_orders(ctx: StrategyContext, answer: Any, latency: np.ndarray) -> list[Orders]:
    """Turn what a strategy returned into order columns.

    Parameters
    ----------
    answer : None, a dict of columns, or a list or tuple of them    with an `order_id` it cancels,
        or replaces if there is a price or qty; without it is new orders
    latency : int32 (N,)    of each row of `ctx` [ticks]

    Raises
    ------
    StrategyError    names the strategy, the tick and the agent: NaN, a number too large, a
                     row, symbol or resting order that does not exist, columns missing or of
                     unequal length
    """
    parts = answer if isinstance(answer, (list, tuple)) else [answer]
    return [_to_orders(ctx, part, latency) for part in parts if part is not None]


def _to_orders(ctx: StrategyContext, part: Any, latency: np.ndarray) -> Orders:
    if isinstance(part, dict) and "order_id" in part:
        return _amendments(ctx, _columns(ctx, part, "order_id", _AMEND), latency)
    if not isinstance(part, dict) or not {"row", "symbol", "side", "qty"} <= set(part):
        raise StrategyError(
            f"strategy {ctx.name!r} at tick {ctx.tick} must return ctx.orders(...) or None, "
            f"ctx.cancel(...), ctx.replace(...) or a list of these, not {type(part).__name__}"
        )
    return _new_orders(ctx, _columns(ctx, part, "row", _NEW), latency)


def _new_orders(ctx: StrategyContext, columns: Columns, latency: np.ndarray) -> Orders:
    if columns["row"].dtype.kind == "b":
        raise StrategyError(
            f"strategy {ctx.name!r} at tick {ctx.tick}: row is a mask; give np.flatnonzero(mask)"
        )
    row = _whole(ctx, columns, "row", 0, len(ctx.agent) - 1)
    symbol = _whole(ctx, columns, "symbol", 0, len(ctx.symbols) - 1)
    orders = _addressed(ctx, row, symbol, latency)
    orders.side[:] = _whole(ctx, columns, "side", -1, 1)
    orders.qty[:] = _whole(ctx, columns, "qty", 0, MAX_QTY)
    orders.msg_type[:] = MsgType.NEW
    if "price" in columns:
        orders.price[:] = _priced(ctx, columns, symbol, orders.side)
    else:
        orders.ord_type[:] = OrdType.MARKET
    if "lifetime" in columns:
        orders.tif[:] = TimeInForce.GTT
        lifetime = _whole(ctx, columns, "lifetime", 1, MAX_TICK + 1)
        orders.expire_tick[:] = ctx.tick + orders.latency_ticks + lifetime
    return orders


def _amendments(ctx: StrategyContext, columns: Columns, latency: np.ndarray) -> Orders:
    own = ctx.own.orders()
    at = _resting_rows(ctx, columns["order_id"], own.order_id)
    columns["row"] = own.row[at]
    orders = _addressed(ctx, own.row[at], own.symbol[at], latency)
    orders.order_id[:] = own.order_id[at]
    orders.side[:] = own.side[at]
    if len(columns) == 2:
        orders.msg_type[:] = MsgType.CANCEL
        return orders
    orders.msg_type[:] = MsgType.REPLACE
    orders.price[:], orders.qty[:] = own.price[at], own.qty[at]
    if "price" in columns:
        orders.price[:] = _priced(ctx, columns, own.symbol[at], own.side[at])
    if "qty" in columns:
        orders.qty[:] = _whole(ctx, columns, "qty", 0, MAX_QTY)
    return orders


def _resting_rows(ctx: StrategyContext, order_id: np.ndarray, resting: np.ndarray) -> np.ndarray:
    """Where each id stands among the resting ids, which ascend."""
    if order_id.dtype.kind == "b":
        raise StrategyError(
            f"strategy {ctx.name!r} at tick {ctx.tick}: order_id is a mask; give "
            "ctx.resting.order_id[mask]"
        )
    known = np.isin(order_id, resting)
    if not known.all():
        raise StrategyError(
            f"strategy {ctx.name!r} at tick {ctx.tick}: order_id is {order_id[~known][0]}, which "
            "none of its agents has resting; take ids from ctx.resting of the same tick"
        )
    return np.searchsorted(resting, order_id.astype(np.int64))


def _addressed(
    ctx: StrategyContext, row: np.ndarray, symbol: np.ndarray, latency: np.ndarray
) -> Orders:
    """Order rows that say from whom and for which market they are."""
    orders = allocate(Orders, len(row))
    orders.agent[:] = ctx.agent[row]
    orders.market[:] = ctx.env * len(ctx.symbols) + symbol
    orders.latency_ticks[:] = latency[row]
    return orders


def _columns(
    ctx: StrategyContext, part: dict[str, Any], first: str, known: tuple[str, ...]
) -> Columns:
    unknown = sorted(set(part) - set(known))
    if unknown:
        raise StrategyError(
            f"strategy {ctx.name!r} at tick {ctx.tick} returned an unknown column {unknown[0]!r}; "
            f"the columns are {', '.join(known)}"
        )
    columns = {name: _numbers(values) for name, values in part.items()}
    n = columns[first].shape
    for name, values in columns.items():
        if values.shape != n or values.ndim != 1:
            raise StrategyError(
                f"strategy {ctx.name!r} at tick {ctx.tick}: column {name!r} has shape "
                f"{values.shape}, but {first} has {n}"
            )
        if values.dtype.kind not in "iufb":
            raise StrategyError(
                f"strategy {ctx.name!r} at tick {ctx.tick}: column {name!r} must hold numbers, "
                f"not {values.dtype}"
            )
    return columns


def _numbers(values: Any) -> np.ndarray:
    """The values as an array; numbers too large for an int64 as floats, to be refused by name."""
    found = np.asarray(values)
    if found.dtype.kind != "O":
        return found
    try:
        return found.astype(np.float64)
    except (TypeError, ValueError):
        return found
    except OverflowError:
        return np.full(found.shape, np.inf)


def _refuse(ctx: StrategyContext, columns: Columns, name: str, bad: Any) -> None:
    """Raise for the first bad element of a column."""
    at = int(np.flatnonzero(bad)[0])
    row = columns["row"][at]
    known = np.isfinite(row) and 0 <= row < len(ctx.agent)
    who = f"agent {ctx.agent[int(row)]}" if known else f"row {row}"
    raise StrategyError(
        f"strategy {ctx.name!r} at tick {ctx.tick}, {who}: {name} is {columns[name][at]}, "
        "which cannot be ordered"
    )


def _whole(ctx: StrategyContext, columns: Columns, name: str, low: int, high: int) -> np.ndarray:
    values = columns[name]
    bad = ~np.isfinite(values)
    bad |= ~bad & ((values < low) | (values > high) | (values != np.floor(values)))
    if bad.any():
        _refuse(ctx, columns, name, bad)
    return values.astype(np.int64)


def _priced(
    ctx: StrategyContext, columns: Columns, symbol: np.ndarray, side: np.ndarray
) -> np.ndarray:
    price = columns["price"]
    bad = ~np.isfinite(price)
    bad |= ~bad & ((price <= 0) | (price > _DEAREST))
    if bad.any():
        _refuse(ctx, columns, "price", bad)
    step = np.rint(ctx.tick_size[symbol] * PRICE_SCALE).astype(np.int64)
    ticks = price * PRICE_SCALE / step
    near = np.rint(ticks)
    ticks = np.where(
        np.abs(ticks - near) < 1e-6, near, np.where(side > 0, np.floor(ticks), np.ceil(ticks))
    )
    rounded: np.ndarray = np.maximum(ticks, 1).astype(np.int64) * step
    return rounded
