"""The slow venue: many markets, messages in, event dicts out.

Written from docs/adr/0002-venue-rules.md and from nothing else; it knows no kernel.
"""

from collections.abc import Iterator, Sequence

from qtg.schemas import (
    ExecInst,
    ExecType,
    MsgType,
    OrdType,
    Reason,
    SelfTradePrevention,
    Side,
    TimeInForce,
)

from .market import Market, Order
from .rules import (
    Message,
    why_bad_replace,
    why_malformed,
    why_not_yours,
    why_off_terms,
    why_rest_is_cancelled,
)

POOL = 0
BPS = 10_000

Event = dict[str, int]


class SlowVenue:
    """The venue's rules, one message at a time."""

    def __init__(
        self,
        terms: Sequence[tuple[int, int]] = ((1, 1),),
        *,
        self_trade: int = SelfTradePrevention.CANCEL_INCOMING,
        pool_trades_itself: bool = False,
        protection_bps: int = 0,
        envs: int = 1,
    ) -> None:
        """`terms` is (tick size, lot size) of each symbol; every environment has all symbols."""
        self.symbols = len(terms)
        self.self_trade = self_trade
        self.pool_trades_itself = pool_trades_itself
        self.markets = [
            Market(number, tick_size, lot_size, protection_bps)
            for number, (tick_size, lot_size) in enumerate([*terms] * envs)
        ]
        self.next_id = [1] * envs
        self.tick = 0
        self.row = -1
        self.events: list[Event] = []

    def submit(
        self,
        messages: Sequence[Message],
        tick: int | None = None,
        sequence: Sequence[int] | None = None,
    ) -> list[Event]:
        """Events of a batch; `sequence` is the order of its rows if they were shuffled."""
        self.events = []
        if tick is not None:
            self._advance(tick)
        ids = [self._name(message) for message in messages]
        rows = range(len(messages)) if sequence is None else sequence
        by_market: dict[int, list[int]] = {market.number: [] for market in self.markets}
        unknown = []
        for row in rows:
            by_market.get(messages[row].market, unknown).append(row)
        for market in self.markets:
            for self.row in by_market[market.number]:
                self._work(market, messages[self.row], ids[self.row])
        for self.row in unknown:
            m = messages[self.row]
            self._reject_row(m.market, m, Reason.UNKNOWN_MARKET)
        return self.events

    # -- what a message asks for

    def _name(self, m: Message) -> int:
        """The next id of the environment for a NEW row of a known market, else 0."""
        if m.msg_type != MsgType.NEW or not 0 <= m.market < len(self.markets):
            return 0
        env = m.market // self.symbols
        self.next_id[env] += 1
        return self.next_id[env] - 1

    def _work(self, market: Market, m: Message, order_id: int) -> None:
        if m.msg_type == MsgType.NEW:
            self._new(market, m, order_id)
        elif m.msg_type == MsgType.CANCEL:
            self._cancel(market, m)
        elif m.msg_type == MsgType.REPLACE:
            self._replace(market, m)
        else:
            self._reject_row(market.number, m, Reason.UNKNOWN_MSG_TYPE)

    def _new(self, market: Market, m: Message, order_id: int) -> None:
        price = 0 if m.ord_type == OrdType.MARKET else m.price
        order = Order(order_id, m.agent, m.side, price, m.qty, m.price)
        reason = why_malformed(m, self.tick) or why_off_terms(m, market)
        if not reason:
            if m.ord_type == OrdType.MARKET:
                order.limit = self._protection_price(market, order)
            reason = self._why_not_workable(market, order, m)
        if reason:
            self._emit(ExecType.REJECTED, market, order, reason, qty=m.qty)
            return
        if m.tif == TimeInForce.GTT:
            order.expire_tick = m.expire_tick
        self._emit(ExecType.NEW, market, order, qty=order.qty, leaves=order.qty)
        self._arrive(market, order, why_rest_is_cancelled(m))

    def _cancel(self, market: Market, m: Message) -> None:
        reason = why_not_yours(market, m)
        if reason:
            self._reject_row(market.number, m, reason)
            return
        order = market.live[m.order_id]
        market.remove(order)
        self._emit(ExecType.CANCELED, market, order, Reason.REQUESTED, qty=order.qty)

    def _replace(self, market: Market, m: Message) -> None:
        reason = why_not_yours(market, m)
        if reason:
            self._reject_row(market.number, m, reason)
            return
        old = market.live[m.order_id]
        new = Order(old.order_id, old.agent, old.side, m.price, m.qty, m.price, old.expire_tick)
        reason = why_bad_replace(m, market)
        reason = reason or self._why_post_only_fails(market, new, m)
        if reason:
            self._emit(ExecType.REJECTED, market, new, reason, qty=new.qty)
            return
        changed = {"qty": old.qty, "leaves": new.qty, "limit_price": new.price}
        self._emit(ExecType.REPLACED, market, old, **changed)
        if new.price == old.price and new.qty <= old.qty:
            old.qty = new.qty
        else:
            market.remove(old)
            self._arrive(market, new, Reason.NONE)

    def _advance(self, tick: int) -> None:
        """Take out every order whose lifetime is over."""
        self.tick = tick
        self.row = -1
        for market in self.markets:
            due = [o for o in market.live.values() if o.expire_tick and o.expire_tick <= tick]
            for order in sorted(due, key=lambda o: (o.expire_tick, o.order_id)):
                market.remove(order)
                self._emit(ExecType.EXPIRED, market, order, Reason.LIFETIME_OVER, qty=order.qty)

    # -- matching

    def _arrive(self, market: Market, order: Order, rest_reason: Reason) -> None:
        """Trade what can be traded; the rest rests, or is cancelled for `rest_reason`."""
        for resting in market.facing(order):
            if order.qty == 0:
                return
            if self._passes_over(order, resting):
                continue
            if self._same_owner(order, resting):
                if self.self_trade != SelfTradePrevention.CANCEL_INCOMING:
                    market.remove(resting)
                    self._cancel_rest(market, resting, Reason.SELF_TRADE)
                if self.self_trade != SelfTradePrevention.CANCEL_RESTING:
                    self._cancel_rest(market, order, Reason.SELF_TRADE)
                    return
                continue
            self._trade(market, order, resting)
        if order.qty == 0:
            return
        if rest_reason:
            self._cancel_rest(market, order, rest_reason)
        elif any(self._passes_over(order, resting) for resting in market.facing(order)):
            self._cancel_rest(market, order, Reason.POOL_WOULD_CROSS)
        else:
            market.rest(order)

    def _trade(self, market: Market, order: Order, resting: Order) -> None:
        qty = min(order.qty, resting.qty)
        order.qty -= qty
        resting.qty -= qty
        if resting.qty == 0:
            market.remove(resting)
        self._emit(
            ExecType.TRADE,
            market,
            order,
            qty=qty,
            leaves=order.qty,
            price=resting.price,
            contra_id=resting.order_id,
            contra_agent=resting.agent,
        )

    def _cancel_rest(self, market: Market, order: Order, reason: Reason) -> None:
        self._emit(ExecType.CANCELED, market, order, reason, qty=order.qty)

    def _passes_over(self, order: Order, resting: Order) -> bool:
        return order.agent == POOL == resting.agent and not self.pool_trades_itself

    def _same_owner(self, order: Order, resting: Order) -> bool:
        return order.agent == resting.agent > POOL

    def _others(self, market: Market, order: Order) -> Iterator[Order]:
        """Opposite orders that the order does not pass over."""
        return (o for o in market.facing(order) if not self._passes_over(order, o))

    def _protection_price(self, market: Market, order: Order) -> int | None:
        """The worst price of a market order; None is without limit."""
        order.limit = None
        best = next(self._others(market, order), None)
        if best is None or market.protection_bps == 0:
            return None
        tick, bps = market.tick_size, market.protection_bps
        if order.side == Side.BUY:
            return best.price * (BPS + bps) // (BPS * tick) * tick
        return -(best.price * (bps - BPS) // (BPS * tick)) * tick

    def _why_not_workable(self, market: Market, order: Order, m: Message) -> Reason:
        if m.tif == TimeInForce.FOK:
            return self._why_not_filled(market, order)
        return self._why_post_only_fails(market, order, m)

    def _why_post_only_fails(self, market: Market, order: Order, m: Message) -> Reason:
        if m.exec_inst == ExecInst.POST_ONLY and any(self._others(market, order)):
            return Reason.POST_ONLY_WOULD_CROSS
        return Reason.NONE

    def _why_not_filled(self, market: Market, order: Order) -> Reason:
        """Why a fill-or-kill order cannot fill completely."""
        others = list(self._others(market, order))
        own = any(self._same_owner(order, resting) for resting in others)
        if own and self.self_trade != SelfTradePrevention.CANCEL_RESTING:
            return Reason.SELF_TRADE
        available = sum(o.qty for o in others if not self._same_owner(order, o))
        return Reason.NONE if available >= order.qty else Reason.FOK_UNFILLABLE

    # -- events

    def _emit(
        self, exec_type: ExecType, market: Market, order: Order, reason: int = 0, **other: int
    ) -> None:
        """Write an event about an order; `other` overrides the usual values."""
        self._write(
            {
                "exec_type": exec_type,
                "reason": reason,
                "side": order.side,
                "market": market.number,
                "agent": order.agent,
                "order_id": order.order_id,
                "price": order.price,
                "limit_price": order.price,
                **other,
            }
        )

    def _reject_row(self, market: int, m: Message, reason: int) -> None:
        """Refuse a row that is about no order.

        A cancel asks for no price and no quantity, a market order for no price.
        """
        asked = m
        if m.msg_type == MsgType.CANCEL:
            asked = m._replace(price=0, qty=0)
        elif m.msg_type == MsgType.NEW and m.ord_type == OrdType.MARKET:
            asked = m._replace(price=0)
        self._write(
            {
                "exec_type": ExecType.REJECTED,
                "reason": reason,
                "side": m.side,
                "market": market,
                "agent": m.agent,
                "order_id": 0 if m.msg_type == MsgType.NEW else m.order_id,
                "price": asked.price,
                "limit_price": asked.price,
                "qty": asked.qty,
            }
        )

    def _write(self, event: Event) -> None:
        blank = {"contra_id": 0, "contra_agent": -1, "leaves": 0, "row": self.row}
        self.events.append(blank | event)
