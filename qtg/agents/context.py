"""What a user's strategy sees and how it answers."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from qtg.kernels.random import lane, uniform_pair
from qtg.schemas import PRICE_SCALE, MsgType, Orders, OrdType, Stream, TimeInForce, allocate

from ..errors import StrategyError


@dataclass(frozen=True)
class StrategyContext:
    """One kind's agents as rows, and the market as it stood at the start of the tick.

    Prices and cash are floats in currency. N agents, S symbols.
    """

    name: str
    tick: int
    symbols: tuple[str, ...]
    agent: np.ndarray  # int32 (N,)   agent rows
    params: dict[str, np.ndarray]  # float64 (N,) by name
    cash: np.ndarray  # float64 (N,)  cash that is not reserved
    shares: np.ndarray  # int64 (N, S)  shares that are not reserved
    bid: np.ndarray  # float64 (S,)  NaN where there is none
    ask: np.ndarray  # float64 (S,)  NaN where there is none
    mid: np.ndarray  # float64 (S,)
    last: np.ndarray  # float64 (S,)
    fair_value: np.ndarray  # float64 (S,)
    volume: np.ndarray  # int64 (S,)   traded in the previous tick
    tick_size: np.ndarray  # float64 (S,)
    seed: np.uint64
    env: int  # place of the environment in the run
    env_id: int

    def uniform(self, draw: int = 0) -> np.ndarray:
        """float64 (N,): a number in [0, 1) per agent, tick and `draw`, the same in every rerun."""
        lane_word = lane(self.env_id, Stream.USER)
        return np.array(
            [uniform_pair(self.seed, lane_word, int(a), self.tick, draw)[0] for a in self.agent]
        )

    def orders(
        self,
        row: Any,
        symbol: Any,
        *,
        side: Any,
        qty: Any,
        price: Any = None,
        lifetime: Any = None,
    ) -> dict[str, np.ndarray]:
        """Columns of orders, one each for `row[i]` in `symbol[i]`; other arguments broadcast.

        `price` in currency is put on the tick grid, away from trading (down for buys); without a
        price it is a market order. `lifetime` in ticks makes it expire.
        """
        row, symbol = np.atleast_1d(row), np.atleast_1d(symbol)
        columns = {"row": row, "symbol": symbol, "side": side, "qty": qty}
        if price is not None:
            columns["price"] = np.broadcast_to(np.asarray(price, np.float64), row.shape)
        if lifetime is not None:
            columns["lifetime"] = lifetime
        return {name: np.broadcast_to(values, row.shape) for name, values in columns.items()}


_ANSWER = ("row", "symbol", "side", "qty", "price", "lifetime")


def answer_to_orders(ctx: StrategyContext, answer: Any, latency: np.ndarray) -> Orders:
    """Turn what a strategy returned into order columns.

    Raises
    ------
    StrategyError    names the strategy, the tick and the agent: NaN, a number too large, a
                     row or symbol that does not exist, columns missing or of unequal length
    """
    columns = _columns(ctx, answer)
    n = len(columns["row"])
    row = _whole(ctx, columns, "row", n, 0, len(ctx.agent) - 1)
    symbol = _whole(ctx, columns, "symbol", n, 0, len(ctx.symbols) - 1)
    orders = allocate(Orders, n)
    orders.agent[:] = ctx.agent[row]
    orders.market[:] = ctx.env * len(ctx.symbols) + symbol
    orders.latency_ticks[:] = latency[row]
    orders.side[:] = _whole(ctx, columns, "side", n, -1, 1)
    orders.qty[:] = _whole(ctx, columns, "qty", n, 0, 1 << 48)
    orders.msg_type[:] = MsgType.NEW
    if "price" in columns:
        orders.price[:] = _priced(ctx, columns, symbol, orders.side)
    else:
        orders.ord_type[:] = OrdType.MARKET
    if "lifetime" in columns:
        orders.tif[:] = TimeInForce.GTT
        lifetime = _whole(ctx, columns, "lifetime", n, 1, 1 << 31)
        orders.expire_tick[:] = ctx.tick + orders.latency_ticks + lifetime
    return orders


def _columns(ctx: StrategyContext, answer: Any) -> dict[str, np.ndarray]:
    if not isinstance(answer, dict) or not {"row", "symbol", "side", "qty"} <= set(answer):
        raise StrategyError(
            f"strategy {ctx.name!r} at tick {ctx.tick} must return ctx.orders(...) or None, "
            f"not {type(answer).__name__}"
        )
    unknown = sorted(set(answer) - set(_ANSWER))
    if unknown:
        raise StrategyError(
            f"strategy {ctx.name!r} at tick {ctx.tick} returned an unknown column {unknown[0]!r}; "
            f"the columns are {', '.join(_ANSWER)}"
        )
    columns = {name: np.asarray(values) for name, values in answer.items()}
    n = columns["row"].shape
    for name, values in columns.items():
        if values.shape != n or values.ndim != 1:
            raise StrategyError(
                f"strategy {ctx.name!r} at tick {ctx.tick}: column {name!r} has shape "
                f"{values.shape}, but row has {n}"
            )
        if values.dtype.kind not in "iufb":
            raise StrategyError(
                f"strategy {ctx.name!r} at tick {ctx.tick}: column {name!r} must hold numbers, "
                f"not {values.dtype}"
            )
    return columns


def _refuse(ctx: StrategyContext, columns: dict[str, np.ndarray], name: str, bad: Any) -> None:
    """Raise for the first bad element of a column."""
    at = int(np.flatnonzero(bad)[0])
    row = columns["row"][at]
    known = np.isfinite(row) and 0 <= row < len(ctx.agent)
    who = f"agent {ctx.agent[int(row)]}" if known else f"row {row}"
    raise StrategyError(
        f"strategy {ctx.name!r} at tick {ctx.tick}, {who}: {name} is {columns[name][at]}, "
        "which cannot be ordered"
    )


def _whole(
    ctx: StrategyContext, columns: dict[str, np.ndarray], name: str, n: int, low: int, high: int
) -> np.ndarray:
    values = columns[name]
    bad = ~np.isfinite(values)
    bad |= ~bad & ((values < low) | (values > high) | (values != np.floor(values)))
    if bad.any():
        _refuse(ctx, columns, name, bad)
    return values.astype(np.int64)


def _priced(
    ctx: StrategyContext, columns: dict[str, np.ndarray], symbol: np.ndarray, side: np.ndarray
) -> np.ndarray:
    price = columns["price"]
    bad = ~np.isfinite(price)
    bad |= ~bad & ((price <= 0) | (price > 2**61 / PRICE_SCALE))
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
