"""What one agent that is a Python object sees, and how it answers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from numbers import Real
from typing import NamedTuple

import numpy as np

from qtg.kernels.random import lane, uniform_pair
from qtg.schemas import Stream

from ..config.spelling import did_you_mean
from ..errors import StrategyError
from .context import StrategyContext
from .history import Mids

_BITS = 64


class Order(NamedTuple):
    """A message that an agent wants to send; fields that do not belong to it are None."""

    symbol: int | None = None
    side: int | None = None
    qty: float | None = None
    price: float | None = None
    lifetime: int | None = None
    order_id: int | None = None


class RestingOrder(NamedTuple):
    """An order of the agent that rests in a book."""

    order_id: int
    symbol: str
    side: int  # buy 1, sell -1
    price: float  # NaN for a market order that waits in a call
    qty: int  # open


class AgentContext:
    """The market as it stood at the start of the tick, and one agent's account.

    Prices and cash are floats in currency. A `symbol` is a ticker.
    """

    def __init__(
        self, shared: StrategyContext, row: int, mids: Mids, places: Mapping[str, int]
    ) -> None:
        self._all, self._row, self._mids, self._places = shared, row, mids, places
        self.made = 0  # orders made so far in this call

    @property
    def tick(self) -> int:
        """The tick."""
        return self._all.tick

    @property
    def agent(self) -> int:
        """The agent's number, as in the run's tables."""
        return int(self._all.agent[self._row])

    @property
    def symbols(self) -> tuple[str, ...]:
        """The tickers of the run."""
        return self._all.symbols

    @property
    def cash(self) -> float:
        """Cash that no live order has reserved."""
        return float(self._all.cash[self._row])

    def position(self, symbol: str) -> int:
        """Shares held."""
        return int(self._all.position[self._row, self._place(symbol)])

    def shares(self, symbol: str) -> int:
        """Shares held that no live order has reserved: what can be sold."""
        return int(self._all.shares[self._row, self._place(symbol)])

    def price(self, symbol: str) -> float:
        """Price of the last trade."""
        return float(self._all.last[self._place(symbol)])

    def bid(self, symbol: str) -> float:
        """Best bid; NaN if there is none, and comparisons with NaN are false."""
        return float(self._all.bid[self._place(symbol)])

    def ask(self, symbol: str) -> float:
        """Best ask; NaN if there is none, and comparisons with NaN are false."""
        return float(self._all.ask[self._place(symbol)])

    def mid(self, symbol: str) -> float:
        """Middle of bid and ask."""
        return float(self._all.mid[self._place(symbol)])

    def fair_value(self, symbol: str) -> float:
        """Fundamental value."""
        return float(self._all.fair_value[self._place(symbol)])

    def volume(self, symbol: str) -> int:
        """Shares traded in the previous tick."""
        return int(self._all.volume[self._place(symbol)])

    def tick_size(self, symbol: str) -> float:
        """Smallest price step."""
        return float(self._all.tick_size[self._place(symbol)])

    def sentiment(self, symbol: str) -> float:
        """Mood of the market's background pool, -1 to 1."""
        return float(self._all.sentiment[self._place(symbol)])

    def news(self, symbol: str) -> float:
        """Sentiment of this tick's news, -1 to 1; 0 if there is none."""
        return float(self._all.news[self._place(symbol)])

    def history(self, symbol: str, n: int | None = None) -> np.ndarray:
        """The last mids up to this tick, oldest first.

        Parameters
        ----------
        n : int, optional    how many; by default all that are kept

        Returns
        -------
        float64 (n,)    fewer while the run is younger (the warm-up is not seen)

        Raises
        ------
        StrategyError    more than the class keeps
        """
        kept = self._mids.length
        if n is None:
            n = kept
        if not 0 <= n <= kept:
            raise self._wrong(f"history of {n} ticks, but {kept} are kept; set `history = {n}`")
        return self._mids.last(self._all.env * len(self.symbols) + self._place(symbol), n)

    @cached_property
    def resting(self) -> tuple[RestingOrder, ...]:
        """The agent's own resting orders, oldest first; see `StrategyContext.resting`."""
        own = self._all.resting
        return tuple(
            RestingOrder(
                int(own.order_id[i]),
                self.symbols[own.symbol[i]],
                int(own.side[i]),
                float(own.price[i]),
                int(own.qty[i]),
            )
            for i in self._all.own.of_row(self._row)
        )

    @cached_property
    def rng(self) -> np.random.Generator:
        """Random numbers of this agent in this tick, the same in every rerun.

        A NumPy generator over Philox (Salmon et al., 2011), a counter-based one: its key is seed
        and environment, its counter starts from agent and tick.
        """
        key = [int(self._all.seed), int(lane(self._all.env_id, Stream.USER))]
        start = [0, 0, self.tick, self.agent]
        counter = sum(word << (_BITS * i) for i, word in enumerate(start))
        both = sum(word << (_BITS * i) for i, word in enumerate(key))
        return np.random.Generator(np.random.Philox(counter=counter, key=both))

    def uniform(self, draw: int = 0) -> float:
        """A number in [0, 1) for this agent, tick and `draw`, as `StrategyContext.uniform` has."""
        word = lane(self._all.env_id, Stream.USER)
        return float(uniform_pair(self._all.seed, word, self.agent, self.tick, draw)[0])

    def buy(
        self, symbol: str, qty: float, price: float | None = None, lifetime: int | None = None
    ) -> Order:
        """An order to buy, to be returned.

        Parameters
        ----------
        qty : whole number    shares
        price : float, optional    limit, rounded down to the price grid; a market order without
        lifetime : int, optional    ticks after which it expires; it rests without
        """
        return self._new(symbol, 1, qty, price, lifetime)

    def sell(
        self, symbol: str, qty: float, price: float | None = None, lifetime: int | None = None
    ) -> Order:
        """An order to sell, to be returned; like `buy`, with the limit rounded up."""
        return self._new(symbol, -1, qty, price, lifetime)

    def cancel(self, order: RestingOrder | int) -> Order:
        """A cancel of one of `resting`, to be returned."""
        self.made += 1
        return Order(order_id=self._own_id(order))

    def replace(
        self, order: RestingOrder | int, price: float | None = None, qty: float | None = None
    ) -> Order:
        """A new price, open quantity or both for one of `resting`, to be returned."""
        if price is None and qty is None:
            raise self._wrong("ctx.replace needs a price, a qty or both")
        self._check_numbers(price=0 if price is None else price, qty=0 if qty is None else qty)
        self.made += 1
        return Order(order_id=self._own_id(order), price=price, qty=qty)

    def _new(
        self, symbol: str, side: int, qty: float, price: float | None, lifetime: int | None
    ) -> Order:
        self._check_numbers(
            qty=qty,
            price=0 if price is None else price,
            lifetime=0 if lifetime is None else lifetime,
        )
        self.made += 1
        return Order(self._place(symbol), side, qty, price, lifetime)

    def _own_id(self, order: RestingOrder | int) -> int:
        order_id = order.order_id if isinstance(order, RestingOrder) else order
        if all(each.order_id != order_id for each in self.resting):
            raise self._wrong(f"order_id is {order_id}, which is not among its ctx.resting")
        return order_id

    def _check_numbers(self, **given: object) -> None:
        for name, value in given.items():
            if not isinstance(value, Real):
                raise self._wrong(f"{name} must be a number, not {type(value).__name__}")

    def _place(self, symbol: str) -> int:
        try:
            return self._places[symbol]
        except (KeyError, TypeError):
            hint = did_you_mean(str(symbol), self.symbols)
            raise self._wrong(f"no symbol {symbol!r}; {hint}") from None

    def _wrong(self, what: str) -> StrategyError:
        return StrategyError(
            f"strategy {self._all.name!r} at tick {self.tick}, agent {self.agent}: {what}"
        )
