"""liquibook: an order book in C++ with SWIG bindings.

It has no batch interface: an order object is made and added for each message. The plain order
book is used, which does less than the one with depth. While the time is taken nothing listens, so
no trade is reported to Python.
"""

from collections.abc import Callable
from typing import Any

from .engine import LIMIT, MARKET, Answer, Columns, Engine, rows, tally


class Calls(Engine):
    """One order object and one call of `add` a message, or one call of `cancel`."""

    batching = "a call each"

    def __init__(self, columns: Columns) -> None:
        super().__init__(columns)
        self.rows = rows(columns)
        self.book: Any = None
        self.orders: list[Any] = []

    def fresh(self) -> Callable[[], object]:
        from liquibook import liquibook_book_OrderBook

        self.book = liquibook_book_OrderBook()
        self.orders = [None]
        return self._work

    def _work(self) -> None:
        from liquibook import SimpleOrder, oc_immediate_or_cancel

        add, cancel, orders = self.book.add, self.book.cancel, self.orders
        for kind, buy, price, qty, order_id in self.rows:
            if kind == LIMIT:
                order = SimpleOrder(buy, price, qty)
                orders.append(order)  # the book does not keep it alive
                add(order)
            elif kind == MARKET:
                order = SimpleOrder(buy, 0, qty, 0, oc_immediate_or_cancel)
                orders.append(order)
                add(order, oc_immediate_or_cancel)
            else:
                cancel(orders[order_id])

    def answer(self) -> Answer:
        work = self.fresh()
        fills = _fills()
        self.book.set_order_listener(fills)
        work()
        sides = self.book.bids(), self.book.asks()
        return tally(fills.seen) | {"live": sum(side.size() for side in sides)}


def _fills() -> Any:
    from liquibook import OrderListener

    class Fills(OrderListener):  # type: ignore[misc]
        """Collects (price, qty); every callback must exist."""

        def __init__(self) -> None:
            super().__init__()
            self.seen: list[tuple[int, int]] = []

        def on_fill(self, order: Any, matched: Any, qty: int, price: int) -> None:
            self.seen.append((price, qty))

        def _ignore(self, *_: Any) -> None:
            pass

        on_accept = on_reject = on_cancel = on_cancel_reject = _ignore
        on_replace = on_replace_reject = on_trigger_stop = _ignore

    return Fills()


ENGINES = {"liquibook": Calls}
