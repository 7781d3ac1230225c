"""What a user's strategy has resting in the books, read only if it asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, NamedTuple

import numpy as np

from qtg.kernels.own_orders import count_others, find_own
from qtg.schemas import (
    F64,
    I8,
    I32,
    I64,
    NO_ROW,
    PRICE_SCALE,
    Col,
    OwnOrders,
    allocate,
    taken,
)

from ..errors import StrategyError
from ..exchange import Exchange


class Resting(NamedTuple):
    """Resting orders, one row each, oldest first (ascending id). The arrays are read-only."""

    order_id: Annotated[I64, Col("id", "public id")]
    row: Annotated[I32, Col("row", "row of the context that owns it")]
    symbol: Annotated[I32, Col("symbol", "column of the context's symbols")]
    side: Annotated[I8, Col("Side", "buy 1, sell -1")]
    price: Annotated[F64, Col("currency", "limit price; NaN for a market order in a call")]
    qty: Annotated[I64, Col("shares", "open quantity")]


class OwnBook:
    """The resting orders of one call's agents: read once, at the first look, while it lasts."""

    def __init__(self, read: Callable[[], OwnOrders]) -> None:
        self._read: Callable[[], OwnOrders] | None = read
        self._orders: OwnOrders | None = None
        self._places: dict[int, list[int]] | None = None  # by row

    def orders(self) -> OwnOrders:
        """The orders in the venue's units, prices int64 at 1e-4, ascending id.

        Raises
        ------
        StrategyError    the call is over, and the books have moved on
        """
        if self._orders is None:
            if self._read is None:
                raise StrategyError(
                    "`resting` shows the books during the call only; look at it there and keep "
                    "what you need"
                )
            self._orders = self._read()
        return self._orders

    def shown(self) -> Resting:
        """The orders as a strategy sees them."""
        own = self.orders()
        price = np.where(own.price != 0, own.price / PRICE_SCALE, np.nan)
        price.flags.writeable = False
        return Resting(own.order_id, own.row, own.symbol, own.side, price, own.qty)

    def of_row(self, row: int) -> list[int]:
        """Places of one row's orders among all, oldest first."""
        if self._places is None:
            self._places = {}
            for place, owner in enumerate(self.orders().row.tolist()):
                self._places.setdefault(owner, []).append(place)
        return self._places.get(row, [])

    def end(self) -> None:
        """The call is over."""
        self._read = None


def rows_of(agent: np.ndarray, n_agents: int) -> np.ndarray:
    """int32 (n_agents,): where each agent of an environment stands in `agent`, else NO_ROW."""
    row_of = np.full(n_agents, NO_ROW, np.int32)
    row_of[agent] = np.arange(len(agent), dtype=np.int32)
    return row_of


def read_own(exchange: Exchange, env: int, row_of: np.ndarray) -> OwnOrders:
    """The live orders of those agents of an environment that have a row, ascending id."""
    books, symbols = exchange.venue.book_columns, exchange.terms.symbols
    first, end = env * symbols, (env + 1) * symbols
    found = allocate(OwnOrders, count_others(books, first, end))
    n = find_own(books, first, end, row_of, found)
    own = taken(found, np.argsort(found.order_id[:n]))
    for column in own:
        column.flags.writeable = False
    return own
