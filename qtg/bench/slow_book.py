"""A plain price-time priority book: the benchmarks' own, slow source of right answers."""

from collections import OrderedDict
from typing import NamedTuple

Level = OrderedDict[int, int]  # order id -> open quantity, earliest first


class Answer(NamedTuple):
    """What a book must have done with a workload; None is unknown and not compared."""

    trades: int | None = None
    volume: int | None = None
    notional: int | None = None
    live: int | None = None
    levels: int | None = None

    def differences(self, other: "Answer") -> list[str]:
        """Names of the fields that both know and that differ."""
        pairs = zip(self._fields, self, other, strict=True)
        return [name for name, a, b in pairs if a is not None and b is not None and a != b]


class SlowBook:
    """One market in dictionaries. Prices in ticks, sides 1 (buy) and 0 (sell).

    Examples
    --------
    >>> book = SlowBook()
    >>> book.limit(1, buy=0, price=100, qty=5)
    >>> book.market(2, buy=1, qty=3)
    >>> book.answer()
    Answer(trades=1, volume=3, notional=300, live=1, levels=1)
    """

    def __init__(self) -> None:
        self.levels: tuple[dict[int, Level], dict[int, Level]] = ({}, {})
        self.home: dict[int, tuple[int, int]] = {}  # live order id -> side and price
        self.trades = self.volume = self.notional = 0

    def limit(self, order_id: int, buy: int, price: int, qty: int) -> None:
        """Trade up to the limit; what is left rests."""
        left = self._trade(buy, qty, price)
        if left:
            self.levels[buy].setdefault(price, OrderedDict())[order_id] = left
            self.home[order_id] = buy, price

    def market(self, order_id: int, buy: int, qty: int) -> None:
        """Trade at any price; what is left is discarded."""
        self._trade(buy, qty, None)

    def cancel(self, order_id: int) -> None:
        """Take a live order out; KeyError if it is not live."""
        side, price = self.home.pop(order_id)
        level = self.levels[side][price]
        del level[order_id]
        if not level:
            del self.levels[side][price]

    def answer(self) -> Answer:
        """What happened so far and what is left."""
        levels = len(self.levels[0]) + len(self.levels[1])
        return Answer(self.trades, self.volume, self.notional, len(self.home), levels)

    def _trade(self, buy: int, qty: int, limit: int | None) -> int:
        resting = self.levels[1 - buy]
        best = min if buy else max
        while qty and resting:
            price = best(resting)
            if limit is not None and (price > limit if buy else price < limit):
                break
            qty = self._take(resting, price, qty)
        return qty

    def _take(self, resting: dict[int, Level], price: int, qty: int) -> int:
        level = resting[price]
        while qty and level:
            order_id, open_qty = next(iter(level.items()))
            filled = min(qty, open_qty)
            self.trades += 1
            self.volume += filled
            self.notional += filled * price
            qty -= filled
            if filled < open_qty:
                level[order_id] = open_qty - filled
            else:
                del level[order_id], self.home[order_id]
        if not level:
            del resting[price]
        return qty
