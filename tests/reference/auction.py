"""The slow call auction: every price of the grid is tried, every order filled by hand.

Written from docs/adr/0003-auctions.md and from nothing else; it knows no kernel.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise

from qtg.schemas import ExecInst, ExecType, OrdType, Reason, Side, TimeInForce

from .book import Event, SlowVenue
from .market import Market, Order
from .rules import (
    MAX_PRICE,
    Message,
    why_malformed,
    why_not_yours,
    why_off_terms,
    why_rest_is_cancelled,
)


def open_qty(orders: Iterable[Order], side: int, price: int) -> int:
    """What a side would trade at `price`; an order without a limit trades at any."""
    return sum(
        order.qty
        for order in orders
        if order.side == side and (order.limit is None or side * order.limit >= side * price)
    )


def candidate_prices(orders: Iterable[Order], tick_size: int, reference: Fraction) -> list[int]:
    """One price of every stretch of the grid on which nothing changes, and all that may be nearest.

    Demand and supply change only at limits, so beside each limit (and beside the reference) its
    neighbours stand for all the prices up to the next one.
    """
    special = {order.limit for order in orders if order.limit is not None}
    special |= {int(reference // tick_size) * tick_size, tick_size}
    around = {price + d * tick_size for price in special for d in (-1, 0, 1)}
    return sorted(price for price in around if tick_size <= price <= MAX_PRICE)


def reference_price(orders: Sequence[Order], given: int, last: int) -> Fraction | None:
    """The price given, else the last, else the middle of the best limits; None without any."""
    if given or last:
        return Fraction(given or last)
    bids = [o.limit for o in orders if o.limit is not None and o.side == Side.BUY]
    asks = [o.limit for o in orders if o.limit is not None and o.side == Side.SELL]
    if not bids and not asks:
        return None
    bid = max(bids) if bids else min(asks)
    ask = min(asks) if asks else max(bids)
    return Fraction(bid + ask, 2)


def clearing_price(
    orders: Sequence[Order], tick_size: int, reference: Fraction | None
) -> tuple[int, int]:
    """(price, volume): most volume, least imbalance, nearest the reference, lowest."""
    if reference is None:
        return 0, 0

    def merit(price: int) -> tuple[int, int, Fraction, int]:
        demand = open_qty(orders, Side.BUY, price)
        supply = open_qty(orders, Side.SELL, price)
        return -min(demand, supply), abs(demand - supply), abs(price - reference), price

    price = min(candidate_prices(orders, tick_size, reference), key=merit)
    return price, -merit(price)[0]


def fills(orders: Sequence[Order], side: int, price: int, volume: int) -> list[tuple[Order, int]]:
    """Who of a side gets how much of `volume`: market orders, then price, then time."""
    eligible = [
        (order.limit is not None, -side * (order.limit or 0), number, order)
        for number, order in enumerate(orders)
        if order.side == side and (order.limit is None or side * order.limit >= side * price)
    ]
    filled = []
    for *_, order in sorted(eligible, key=lambda row: row[:3]):
        qty = min(order.qty, volume)
        volume -= qty
        if qty:
            filled.append((order, qty))
    assert volume == 0, "the price was chosen so that both sides can trade the volume"
    return filled


class SlowAuctionVenue(SlowVenue):
    """The slow venue with orders that gather and are uncrossed; time is the order of arrival."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.ends: dict[tuple[int, int], Reason] = {}  # (market, order id) of what ends with it
        self.last = [0] * len(self.markets)
        self.arrivals: list[list[Order]] = [[] for _ in self.markets]

    def submit(
        self,
        messages: Sequence[Message],
        tick: int | None = None,
        sequence: Sequence[int] | None = None,
    ) -> list[Event]:
        """One batch that gathers and is uncrossed."""
        expired = [] if tick is None else super().submit([], tick)
        gathered = super().submit(messages)
        touched = sorted({m.market for m in messages} & set(range(len(self.markets))))
        trades = self.uncross(touched)
        number = {market.number: market.number for market in self.markets}
        unknown = len(number)
        batch = sorted(gathered + trades, key=lambda e: number.get(e["market"], unknown))
        return expired + batch

    def gather(self, messages: Sequence[Message], tick: int | None = None) -> list[Event]:
        """One batch that only gathers."""
        return super().submit(messages, tick)

    def uncross(
        self, markets: Iterable[int] | None = None, given: Sequence[int] | None = None
    ) -> list[Event]:
        """Trade each market at one price."""
        self.events, self.row = [], -1
        for m in range(len(self.markets)) if markets is None else markets:
            self._uncross(self.markets[m], given[m] if given else 0)
        return self.events

    def _uncross(self, market: Market, given: int) -> None:
        orders = [o for o in self.arrivals[market.number] if market.live.get(o.order_id) is o]
        self.arrivals[market.number] = orders
        reference = reference_price(orders, given, self.last[market.number])
        price, volume = clearing_price(orders, market.tick_size, reference)
        if volume:
            self.last[market.number] = price
            buys = fills(orders, Side.BUY, price, volume)
            sells = fills(orders, Side.SELL, price, volume)
            self._pair(market, price, buys, sells)
        for order in orders:
            reason = self.ends.pop((market.number, order.order_id), None)
            if reason is not None and order.order_id in market.live:
                market.remove(order)
                self._cancel_rest(market, order, reason)

    def _pair(
        self,
        market: Market,
        price: int,
        buys: list[tuple[Order, int]],
        sells: list[tuple[Order, int]],
    ) -> None:
        """Lay the fills of both sides end to end; every cut is the end of a trade."""
        cuts = {0}
        for side in (buys, sells):
            end = 0
            for _, qty in side:
                end += qty
                cuts.add(end)
        for start, end in pairwise(sorted(cuts)):
            buy, sell = _at(buys, start), _at(sells, start)
            for order in (buy, sell):
                order.qty -= end - start
                if order.qty == 0:
                    market.remove(order)
            self._emit(
                ExecType.TRADE,
                market,
                buy,
                qty=end - start,
                leaves=buy.qty,
                price=price,
                contra_id=sell.order_id,
                contra_agent=sell.agent,
            )

    # -- gathering

    def _new(self, market: Market, m: Message, order_id: int) -> None:
        at_market = m.ord_type == OrdType.MARKET
        price = 0 if at_market else m.price
        order = Order(order_id, m.agent, m.side, price, m.qty, None if at_market else price)
        reason = why_malformed(m, self.tick) or why_off_terms(m, market)
        if not reason and m.tif == TimeInForce.FOK:
            reason = Reason.BAD_TIME_IN_FORCE
        if not reason and m.exec_inst == ExecInst.POST_ONLY:
            reason = Reason.BAD_EXEC_INST
        if reason:
            self._emit(ExecType.REJECTED, market, order, reason, qty=m.qty)
            return
        if m.tif == TimeInForce.GTT:
            order.expire_tick = m.expire_tick
        self._emit(ExecType.NEW, market, order, qty=order.qty, leaves=order.qty)
        if why_rest_is_cancelled(m):
            self.ends[market.number, order_id] = Reason(why_rest_is_cancelled(m))
        self._arrive(market, order, Reason.NONE)

    def _replace(self, market: Market, m: Message) -> None:
        if m.exec_inst == ExecInst.POST_ONLY and not why_not_yours(market, m):
            self._reject_row(market.number, m, Reason.BAD_EXEC_INST)
        else:
            super()._replace(market, m)

    def _arrive(self, market: Market, order: Order, rest_reason: Reason) -> None:
        market.rest(order)
        self.arrivals[market.number].append(order)


def _at(side: list[tuple[Order, int]], start: int) -> Order:
    """The order whose fill covers contract number `start`."""
    for order, qty in side:
        if start < qty:
            return order
        start -= qty
    raise AssertionError("both sides trade the same volume")
