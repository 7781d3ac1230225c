"""One market of the slow book: two sides of prices, each price a queue of orders.

Written from docs/adr/0002-venue-rules.md with plain dicts and lists; it knows no kernel.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from qtg.schemas import Side


@dataclass(slots=True)
class Order:
    """An order on its way through a market or resting in it; `limit` is None without a limit."""

    order_id: int
    agent: int
    side: int
    price: int
    qty: int
    limit: int | None
    expire_tick: int = 0


@dataclass
class HalfBook:
    """The resting orders of one side: sorted prices, and per price a queue by arrival."""

    side: int
    prices: list[int] = field(default_factory=list)
    queues: dict[int, dict[int, Order]] = field(default_factory=dict)

    def add(self, order: Order) -> None:
        """Put an order behind all others of its price."""
        if order.price not in self.queues:
            insort(self.prices, order.price)
            self.queues[order.price] = {}
        self.queues[order.price][order.order_id] = order

    def remove(self, order: Order) -> None:
        """Take an order out, and its price with it when it was the last."""
        queue = self.queues[order.price]
        del queue[order.order_id]
        if not queue:
            del self.queues[order.price]
            del self.prices[bisect_left(self.prices, order.price)]

    def best_first(self) -> Iterator[int]:
        """Prices from the best on; safe while orders are taken out."""
        n = len(self.prices)
        for i in range(n):
            yield self.prices[n - 1 - i] if self.side == Side.BUY else self.prices[i - n]

    def within(self, limit: int | None) -> Iterator[Order]:
        """Orders at `limit` or better in price-time priority; safe while orders are taken out."""
        for price in self.best_first():
            if limit is not None and (price < limit if self.side == Side.BUY else price > limit):
                return
            yield from list(self.queues[price].values())


@dataclass
class Market:
    """Terms and resting orders of one market."""

    number: int
    tick_size: int = 1
    lot_size: int = 1
    protection_bps: int = 0
    closed: bool = False
    live: dict[int, Order] = field(default_factory=dict)
    halves: dict[int, HalfBook] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.halves = {side: HalfBook(side) for side in (Side.BUY, Side.SELL)}

    def rest(self, order: Order) -> None:
        """Let an order rest behind its price's queue."""
        self.live[order.order_id] = order
        self.halves[order.side].add(order)

    def remove(self, order: Order) -> None:
        """Take a resting order out of the market."""
        del self.live[order.order_id]
        self.halves[order.side].remove(order)

    def facing(self, order: Order) -> Iterator[Order]:
        """Opposite orders at the order's limit or better, in price-time priority."""
        return self.halves[-order.side].within(order.limit)

    def orders(self) -> list[tuple[int, int, int, int, int, int]]:
        """(order_id, agent, side, price, qty, expire_tick) in price-time priority, buys first."""
        return [
            (o.order_id, o.agent, int(o.side), o.price, o.qty, o.expire_tick)
            for side in (Side.BUY, Side.SELL)
            for o in self.halves[side].within(None)
        ]
