"""An order's life by FIX's rules, in dicts: status is what the quantities and the end say.

Written from the order state changes of the FIX protocol (volume 4, appendix D: OrdStatus follows
from OrderQty, CumQty, LeavesQty and how an order ended) and from docs/adr/0002-venue-rules.md, and
from nothing else; it knows no kernel and no table of steps.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from qtg.schemas import ExecInst, ExecType, MsgType, OrdStatus, OrdType, Reason, TimeInForce

from .rules import Message

Event = dict[str, int]
# Refused messages that are no new order with an id.
OF_REQUESTS = {
    Reason.UNKNOWN_MSG_TYPE,
    Reason.UNKNOWN_MARKET,
    Reason.BAD_AGENT,
    Reason.BAD_LATENCY,
    Reason.UNKNOWN_ORDER,
    Reason.NOT_OWNER,
}
ENDS = {
    ExecType.CANCELED: OrdStatus.CANCELED,
    ExecType.EXPIRED: OrdStatus.EXPIRED,
    ExecType.REJECTED: OrdStatus.REJECTED,
}


class SlowOrder:
    """One order; `ended` is how, if not by being filled."""

    def __init__(self, event: Event, tick: int, tif: int | None) -> None:
        self.owner = event["market"], event["agent"], event["side"]
        self.price = event["limit_price"]
        self.order_qty, self.cum_qty, self.leaves = event["qty"], 0, event["qty"]
        self.paid = Fraction(0)
        self.fills = 0
        self.tif = tif
        self.ended: OrdStatus | None = None
        self.reason = 0
        self.ticks = [tick, tick]

    @property
    def status(self) -> OrdStatus:
        """OrdStatus, the highest of FIX's precedence that holds."""
        if self.ended is not None:
            return self.ended
        if self.leaves == 0:
            return OrdStatus.FILLED
        return OrdStatus.PARTIALLY_FILLED if self.cum_qty else OrdStatus.NEW

    @property
    def open(self) -> bool:
        """Whether anything can still happen to it."""
        return self.ended is None and self.leaves > 0

    def may_end(self, kind: int) -> bool:
        """Whether its time in force allows this end."""
        if kind == ExecType.EXPIRED:
            return self.tif in (None, TimeInForce.GTT)
        return self.tif != TimeInForce.FOK

    def may_change(self) -> bool:
        """Whether it can still be replaced: an order that takes at once or not at all cannot,
        though one that waits for an auction, untouched, can."""
        if self.tif == TimeInForce.IOC:
            return self.cum_qty == 0
        return self.tif != TimeInForce.FOK


class SlowLifecycle:
    """Orders by (environment, id); `impossible` lists (event number, order id)."""

    def __init__(self, symbols: int = 1 << 40, envs: int = 1) -> None:
        self.symbols, self.envs = symbols, envs
        self.orders: dict[tuple[int, int], SlowOrder] = {}
        self.impossible: list[tuple[int, int]] = []
        self.told: list[tuple[int, int, int, int, int]] = []  # event, id, status, cum, leaves
        self.number = 0

    def read(
        self, events: Iterable[Event], tick: int, batch: Sequence[Message] | None = None
    ) -> None:
        """Read the events of one tick; `batch` are the messages that `row` is about."""
        for event in events:
            self._read(event, tick, _message_of(event, batch))
            self.number += 1

    def left_over(self, gathering: Sequence[bool]) -> list[tuple[int, int]]:
        """Orders that stand in a trading market and may not."""
        return [
            key
            for key, order in self.orders.items()
            if order.open
            and order.tif in (TimeInForce.IOC, TimeInForce.FOK)
            and not gathering[order.owner[0]]
        ]

    def _read(self, event: Event, tick: int, message: Message | None) -> None:
        kind = event["exec_type"]
        if kind == ExecType.TRADE:
            for contra in (False, True):
                self._trade(event, tick, message, contra)
            return
        key = self._key(event["market"], event["order_id"])
        order = self.orders.get(key) if key else None
        if kind == ExecType.REJECTED:
            if order is not None:
                self._tell(event["order_id"], order)
            elif event["order_id"] > 0 and event["reason"] not in OF_REQUESTS:
                self._enter(key, event, tick, message)
        elif kind == ExecType.NEW and order is None:
            self._enter(key, event, tick, message)
        elif order is None or kind not in (ExecType.REPLACED, *ENDS) or not order.open:
            self._refuse(event["order_id"])
        else:
            self._change(order, event, tick)

    def _enter(
        self, key: tuple[int, int] | None, event: Event, tick: int, message: Message | None
    ) -> None:
        order = SlowOrder(event, tick, _held(message))
        sound = key is not None
        if event["exec_type"] == ExecType.REJECTED:
            order.ended, order.reason, order.leaves = OrdStatus.REJECTED, event["reason"], 0
            sound = sound and event["reason"] != Reason.NONE
        else:
            sound = sound and event["qty"] == event["leaves"] > 0
        if sound:
            assert key is not None
            self.orders[key] = order
            self._tell(event["order_id"], order)
        else:
            self._refuse(event["order_id"])

    def _change(self, order: SlowOrder, event: Event, tick: int) -> None:
        kind = event["exec_type"]
        same = order.owner == (event["market"], event["agent"], event["side"])
        sound = same and event["price"] == order.price and event["qty"] == order.leaves
        if kind == ExecType.REPLACED:
            sound = sound and event["leaves"] > 0 and order.may_change()
        else:
            sound = sound and event["leaves"] == 0 and order.may_end(kind)
            sound = sound and event["reason"] != Reason.NONE
        if not sound:
            self._refuse(event["order_id"])
            return
        order.leaves = event["leaves"]
        order.ticks[1] = tick
        if kind == ExecType.REPLACED:
            order.price, order.order_qty = event["limit_price"], order.cum_qty + order.leaves
        else:
            order.ended, order.reason = ENDS[ExecType(kind)], event["reason"]
        self._tell(event["order_id"], order)

    def _trade(self, event: Event, tick: int, message: Message | None, contra: bool) -> None:
        order_id = event["contra_id"] if contra else event["order_id"]
        agent = event["contra_agent"] if contra else event["agent"]
        side = -event["side"] if contra else event["side"]
        key = self._key(event["market"], order_id)
        order = self.orders.get(key) if key else None
        sound = order is not None and order.open and 0 < event["qty"] <= order.leaves
        if sound:
            assert order is not None
            sound = order.owner == (event["market"], agent, side)
            if not contra:
                sound = sound and event["leaves"] == order.leaves - event["qty"]
                sound = sound and not (message and message.exec_inst == ExecInst.POST_ONLY)
        if not sound:
            self._refuse(order_id)
            return
        assert order is not None
        order.cum_qty += event["qty"]
        order.leaves -= event["qty"]
        order.paid += Fraction(event["price"]) * event["qty"]
        order.fills += 1
        order.ticks[1] = tick
        self._tell(order_id, order)

    def _key(self, market: int, order_id: int) -> tuple[int, int] | None:
        env = market // self.symbols
        return (env, order_id) if 0 <= env < self.envs and 0 < order_id <= 2**62 else None

    def _tell(self, order_id: int, order: SlowOrder) -> None:
        self.told.append((self.number, order_id, order.status, order.cum_qty, order.leaves))

    def _refuse(self, order_id: int) -> None:
        self.impossible.append((self.number, order_id))

    def rows(self) -> list[tuple[Any, ...]]:
        """Every order: id, owner, status, reason, price, quantities, fills, ticks."""
        return [
            (
                *(order_id, *order.owner, order.status, order.reason, order.price),
                *(order.order_qty, order.cum_qty, order.leaves, order.fills, *order.ticks),
            )
            for (_, order_id), order in self.orders.items()
        ]


def _message_of(event: Event, batch: Sequence[Message] | None) -> Message | None:
    return batch[event["row"]] if batch is not None and event["row"] >= 0 else None


def _held(message: Message | None) -> int | None:
    """The time in force that holds for a new order, None if that is not known."""
    if message is None or message.msg_type != MsgType.NEW:
        return None
    if message.tif not in list(TimeInForce):
        return None
    if message.ord_type != OrdType.LIMIT and message.tif != TimeInForce.FOK:
        return TimeInForce.IOC
    return message.tif
