"""Looking at a book: depth by level and the orders behind it."""

from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
import polars as pl

from qtg.kernels.ladder import NO_KEY
from qtg.schemas import I64, LADDERS, PRICE_SCALE, Book, Col

from .errors import OrderError


class Depth(NamedTuple):
    """Price levels of one side, best first."""

    price: Annotated[I64, Col("price", "level price")]
    qty: Annotated[I64, Col("shares", "open quantity of the level")]
    orders: Annotated[I64, Col("count", "orders of the level")]


class Cost(NamedTuple):
    """What an order would cost if it took what the book offers."""

    filled: int  # shares that the book has for it
    levels: int  # price levels that it reaches
    price: float  # average price [currency]; NaN if nothing is filled
    slippage_bps: float  # that price against the mid, positive is worse; NaN without a mid


@dataclass(frozen=True)
class BookView:
    """A live view of one market's book; every call reads the book as it is now."""

    columns: Book
    market: int

    def best(self, side: int) -> int | None:
        """Best price of a side [1e-4], or None if it is empty."""
        first = self.market * LADDERS + (0 if side > 0 else 2)
        key = int(self.columns.ladders.best[first : first + 2].max())
        if key == NO_KEY:
            return None
        return side * key * int(self.columns.markets.tick_size[self.market])

    def bids(self, levels: int | None = None) -> Depth:
        """Buy levels, best first."""
        return self._side(1, levels)

    def asks(self, levels: int | None = None) -> Depth:
        """Sell levels, best first."""
        return self._side(-1, levels)

    def depth(self, levels: int = 10) -> pl.DataFrame:
        """Both sides beside each other, best first; prices in currency."""
        bids, asks = self.bids(levels), self.asks(levels)
        n = max(len(bids.price), len(asks.price))
        frame: dict[str, pl.Series] = {}
        for name, side in (("bid", bids), ("ask", asks)):
            pad = [None] * (n - len(side.price))
            frame[f"{name}_orders"] = pl.Series([*side.orders.tolist(), *pad], dtype=pl.Int64)
            frame[f"{name}_qty"] = pl.Series([*side.qty.tolist(), *pad], dtype=pl.Int64)
            prices = [price / 10_000 for price in side.price.tolist()]
            frame[name] = pl.Series([*prices, *pad], dtype=pl.Float64)
        order = ["bid_orders", "bid_qty", "bid", "ask", "ask_qty", "ask_orders"]
        return pl.DataFrame({name: frame[name] for name in order})

    def cost(self, side: int, qty: int) -> "Cost":
        """What a market order would cost now: it walks the other side, best price first.

        Parameters
        ----------
        side : int    1 to buy, -1 to sell
        qty : int     shares

        Raises
        ------
        OrderError    a side or quantity that no order has

        Examples
        --------
        >>> import qtg
        >>> venue = qtg.Venue()
        >>> _ = venue.submit(dict(side=[1, -1, -1], price=[9_900, 10_100, 10_200], qty=[5, 4, 9]))
        >>> cost = venue.book().cost(side=1, qty=6)
        >>> cost.filled, cost.levels, round(cost.price, 4), round(cost.slippage_bps, 1)
        (6, 2, 1.0133, 133.3)
        """
        if side not in (1, -1):
            raise OrderError(f"side must be 1 (buy) or -1 (sell), got {side}")
        if qty < 1:
            raise OrderError(f"qty must be at least 1 share, got {qty}")
        facing = self._side(-side, None)
        before = np.cumsum(facing.qty) - facing.qty
        taken = np.clip(qty - before, 0, facing.qty)
        filled = int(taken.sum())
        price = float(taken @ facing.price) / filled / PRICE_SCALE if filled else float("nan")
        ends = self.best(1), self.best(-1)
        middle = float("nan") if None in ends else sum(ends) / 2 / PRICE_SCALE  # type: ignore[arg-type]
        return Cost(
            filled, int(np.count_nonzero(taken)), price, side * (price / middle - 1.0) * 10_000
        )

    def orders(self) -> pl.DataFrame:
        """Resting orders in price-time priority, buys first; prices at 1e-4."""
        resting = self.columns.orders
        rows = np.flatnonzero(resting.order_id[self.market])
        side = np.where(resting.ladder[self.market, rows] >= 2, -1, 1)
        key = resting.key[self.market, rows]
        priority = resting.priority[self.market, rows]
        order = np.lexsort((priority, -key, -side))
        rows, side, key = rows[order], side[order], key[order]
        return pl.DataFrame(
            {
                "order_id": resting.order_id[self.market, rows],
                "agent": resting.agent[self.market, rows],
                "side": side.astype(np.int8),
                "price": side * key * self.columns.markets.tick_size[self.market],
                "qty": resting.qty[self.market, rows],
                "expire_tick": resting.expire_tick[self.market, rows],
            }
        )

    def _side(self, side: int, levels: int | None) -> Depth:
        resting = self.columns.orders
        priced = resting.key[self.market] != 0  # not so market orders waiting for a call to end
        live = (resting.order_id[self.market] != 0) & priced
        on_side = (resting.ladder[self.market] >= 2) == (side < 0)
        rows = np.flatnonzero(live & on_side)
        keys, inverse = np.unique(-resting.key[self.market, rows], return_inverse=True)
        qty = np.zeros(len(keys), np.int64)
        np.add.at(qty, inverse, resting.qty[self.market, rows])
        count = np.bincount(inverse, minlength=len(keys)).astype(np.int64)
        price = -side * keys * self.columns.markets.tick_size[self.market]
        return Depth(price[:levels], qty[:levels], count[:levels])
