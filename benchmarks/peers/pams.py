"""PAMS: an agent-based market simulator in Python (MIT).

Only its market is comparable, so that is driven directly, without agents and sessions, with the
calls that its own runner makes for each order: add, then execute. Two rules differ: all fills of
one execution take the last pair's price (so the notional differs), and what is left of a market
order rests, so it is cancelled here. Its time per order grows with the number of resting orders:
it gets a short workload, and so does qtg beside it.
"""

import random
from collections.abc import Callable
from typing import Any

from .engine import CANCEL, MARKET, Answer, Columns, Engine, rows, tally


class Calls(Engine):
    """One order object and the runner's calls a message."""

    batching = "a call each, no agents"
    messages = 2_000

    def __init__(self, columns: Columns) -> None:
        super().__init__(columns)
        self.rows = rows(columns)
        self.market: Any = None
        self.logs: list[Any] = []

    def fresh(self) -> Callable[[], object]:
        from pams.market import Market

        terms = {"tickSize": 1, "marketPrice": 10_000, "outstandingShares": 1}
        self.market = Market(0, random.Random(1), None, "market")
        self.market.setup(terms)
        self.market._update_time(10_000.0)
        self.market._is_running = True
        self.logs = []
        return self._work

    def _work(self) -> None:
        from pams.order import LIMIT_ORDER, MARKET_ORDER, Cancel, Order

        market, orders = self.market, {}
        for kind, buy, price, qty, order_id in self.rows:
            if kind == CANCEL:
                market._cancel_order(Cancel(orders[order_id]))
                continue
            at_market = kind == MARKET
            terms = (
                (MARKET_ORDER, qty, None, None) if at_market else (LIMIT_ORDER, qty, None, price)
            )
            order = orders[order_id] = Order(0, 0, buy, *terms)
            market._add_order(order)
            self.logs += market._execution()
            if at_market and order.volume:
                market._cancel_order(Cancel(order))

    def answer(self) -> Answer:
        self.once()
        books = self.market.buy_order_book, self.market.sell_order_book
        return tally([(log.price, log.volume) for log in self.logs]) | {
            "live": sum(len(book) for book in books),
            "levels": sum(len(book.get_price_volume()) for book in books),
        }


ENGINES = {"pams": Calls}
