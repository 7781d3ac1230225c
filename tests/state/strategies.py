"""A user's strategy in each of its forms, with something to remember."""

from typing import Any

import numpy as np

import qtg
from qtg.compiled import buy, cancel, sell


@qtg.strategy("snap_function", params={"width": 0.001})
def quote_both_sides(ctx: qtg.StrategyContext) -> Any:
    """Asks for the oldest order to be cancelled now and then; keeps nothing itself."""
    rows = np.arange(len(ctx.agent))
    symbol = (rows + ctx.tick) % len(ctx.symbols)
    side = np.where(ctx.uniform(1) < 0.5, 1, -1)
    price = ctx.mid[symbol] * (1 - side * ctx.params["width"])
    new = ctx.orders(rows, symbol, side=side, qty=5, price=price, lifetime=9)
    return [new, ctx.cancel(ctx.resting.order_id[:1])] if ctx.tick % 7 == 0 else new


@qtg.compiled_strategy("snap_compiled", params={"patience": 4}, state={"waited": 0, "best": 1e9})
def wait_and_trade(me: Any, market: Any, orders: Any) -> None:
    """Counts ticks and remembers the lowest price."""
    me.state.waited += 1.0
    if market.mid < me.state.best:
        me.state.best = market.mid
    if me.state.waited >= me.params.patience:
        me.state.waited = 0.0
        if market.mid <= me.state.best * 1.0002:
            buy(orders, 10, market.ask)
        elif me.bid.order_id != 0:
            cancel(orders, me.bid)
        else:
            sell(orders, 5, market.bid)


@qtg.strategy("snap_object")
class Diary(qtg.Strategy):
    """Keeps what it has seen in every form that a snapshot can keep."""

    params = {"size": qtg.Param(3)}
    history = 12

    def on_start(self, ctx: qtg.AgentContext) -> None:
        self.prices: list[float] = []
        self.seen = dict.fromkeys(ctx.symbols, (ctx.tick, None))
        self.mean = np.zeros(len(ctx.symbols))
        self.largest = np.float64(0.0)
        self.mood = "waiting"

    def on_tick(self, ctx: qtg.AgentContext) -> Any:
        symbol = ctx.symbols[ctx.tick % len(ctx.symbols)]
        self.prices = [*self.prices[-9:], ctx.mid(symbol)]
        self.mean += [0.1 * (ctx.mid(each) - m) for each, m in zip(ctx.symbols, self.mean)]
        self.largest = np.maximum(self.largest, ctx.mid(symbol))
        self.seen[symbol] = (ctx.tick, self.mood)
        below = ctx.mid(symbol) <= np.mean(ctx.history(symbol))
        self.mood = "buying" if below else "selling"
        if ctx.resting and ctx.uniform(2) < 0.2:
            return ctx.cancel(ctx.resting[0])
        send = ctx.buy if below else ctx.sell
        return send(symbol, self.params["size"], price=ctx.mid(symbol), lifetime=6)


POPULATIONS = [
    {"kind": kind, "count": 3, "cash": 500_000, "shares": 200, **more}
    for kind, more in (
        ("snap_function", {"probability": 0.8}),
        ("snap_compiled", {"probability": 0.9}),
        ("snap_object", {"probability": 0.7, "every": 2}),
    )
]
