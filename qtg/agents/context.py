"""What a user's strategy sees and how it answers."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from qtg.kernels.random import lane, uniform_pair
from qtg.schemas import Stream

from ..errors import StrategyError
from .kept_columns import KeptColumns
from .resting import OwnBook, Resting


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
    position: np.ndarray  # int64 (N, S)  shares held
    bid: np.ndarray  # float64 (S,)  NaN where there is none
    ask: np.ndarray  # float64 (S,)  NaN where there is none
    mid: np.ndarray  # float64 (S,)
    last: np.ndarray  # float64 (S,)
    fair_value: np.ndarray  # float64 (S,)
    volume: np.ndarray  # int64 (S,)   traded in the previous tick
    tick_size: np.ndarray  # float64 (S,)
    lot_size: np.ndarray  # int64 (S,)  smallest step of quantities
    sentiment: np.ndarray  # float64 (S,)  mood of the background pool, -1 to 1
    news: np.ndarray  # float64 (S,)  sentiment of this tick's news, -1 to 1; 0 if there is none
    indicators: dict[str, np.ndarray]  # float64 (N, S) by need, each agent's own windows
    state: KeptColumns  # float64 (N, S) by name: what the function keeps from tick to tick
    seed: np.uint64
    env: int  # place of the environment in the run
    env_id: int
    own: OwnBook = field(repr=False)  # what `resting` reads

    @cached_property
    def resting(self) -> Resting:
        """The agents' own resting orders, R rows, oldest first.

        Costs one pass over the books at the first look in a tick and nothing without. An order
        is here once it has arrived and until it trades, expires or its cancel arrives.

        Returns
        -------
        Resting    order_id int64, row int32, symbol int32, side int8, price float64 [currency]
            and qty int64 [shares, open], each (R,) and read-only

        Raises
        ------
        StrategyError    first looked at after the strategy's call

        Examples
        --------
        >>> @strategy("second_thoughts")
        ... def give_up(ctx):
        ...     own = ctx.resting
        ...     return ctx.cancel(own.order_id[own.price < 0.99 * ctx.mid[own.symbol]])
        """
        return self.own.shown()

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

    def cancel(self, order_id: Any) -> dict[str, np.ndarray]:
        """Columns that cancel resting orders.

        Parameters
        ----------
        order_id : int or int64 (n,)    from `resting` of the same tick

        Returns
        -------
        dict of columns    to return alone or in a list with others

        Like any order a cancel arrives after its agent's latency; if there is nothing left to
        cancel it is then rejected (UNKNOWN_ORDER).
        """
        return {"order_id": np.atleast_1d(order_id)}

    def replace(
        self, order_id: Any, *, price: Any = None, qty: Any = None
    ) -> dict[str, np.ndarray]:
        """Columns that give resting orders a new price, a new open quantity, or both.

        At the same price and with no more quantity an order keeps its place in the queue. Its
        lifetime stays.

        Parameters
        ----------
        order_id : int or int64 (n,)    from `resting` of the same tick
        price : float or float64 (n,), optional    [currency]; put on the tick grid, away from
            trading (down for buys); without it the price stays
        qty : int or int64 (n,), optional    new open quantity [shares], whatever has traded
            until it arrives; without it what is open now

        Returns
        -------
        dict of columns    to return alone or in a list with others

        Raises
        ------
        StrategyError    neither price nor qty
        """
        if price is None and qty is None:
            raise StrategyError(
                f"strategy {self.name!r} at tick {self.tick}: ctx.replace needs a price, a qty "
                "or both"
            )
        order_id = np.atleast_1d(order_id)
        columns = {"order_id": order_id}
        if price is not None:
            columns["price"] = np.broadcast_to(np.asarray(price, np.float64), order_id.shape)
        if qty is not None:
            columns["qty"] = np.broadcast_to(qty, order_id.shape)
        return columns
