"""Every reason the venue gives by itself, with the exact event that carries it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

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
from qtg.venue import Venue
from tests.reference.columns import send
from tests.reference.rules import MAX_PRICE, MAX_QTY, MAX_TICK, Message

BUY, SELL = Side.BUY, Side.SELL
NEW, CANCEL, REPLACE = MsgType.NEW, MsgType.CANCEL, MsgType.REPLACE
GTT, IOC, FOK = TimeInForce.GTT, TimeInForce.IOC, TimeInForce.FOK
MARKET, PROTECTED = OrdType.MARKET, OrdType.PROTECTED
POST_ONLY = ExecInst.POST_ONLY

# Given by the layers before the venue: admission, latency and the agents' own tables.
ELSEWHERE = {
    Reason.NONE,
    Reason.BAD_AGENT,
    Reason.BAD_LATENCY,
    Reason.INSUFFICIENT_CASH,
    Reason.INSUFFICIENT_SHARES,
    Reason.SHARES_OUTSTANDING,
    Reason.NOTIONAL_TOO_LARGE,
    Reason.SHORT_LIMIT,
    Reason.NO_BORROW,
    Reason.INSUFFICIENT_MARGIN,
    Reason.POSITION_LIMIT,
    Reason.SECTOR_LIMIT,
    Reason.DRAWDOWN_LIMIT,
}


@dataclass
class Case:
    """Send `before` and then `message`; the last event is about it and holds `event`."""

    reason: Reason
    message: Message
    event: dict[str, int] = field(default_factory=dict)
    before: list[Message] = field(default_factory=list)
    exec_type: ExecType = ExecType.REJECTED
    venue: dict[str, Any] = field(default_factory=dict)


def order(price: int = 1_000, qty: int = 10, side: int = BUY, **other: int) -> Message:
    """A NEW limit order of agent 3, valid unless told otherwise."""
    return Message(**{"agent": 3, "side": side, "price": price, "qty": qty, **other})


def case(reason: Reason, message: Message, *before: Message, **event: int) -> Case:
    """A row that is refused; the usual values of its event are those of the row."""
    named = message.msg_type != NEW
    usual = {
        "order_id": message.order_id if named else len(before) + 1,
        "price": message.price,
        "limit_price": event.get("price", message.price),
        "qty": message.qty,
    }
    return Case(reason, message, usual | event, list(before))


def ended(reason: Reason, message: Message, *before: Message, **event: int) -> Case:
    """A row after which an order is cancelled."""
    told = case(reason, message, *before, **event)
    told.exec_type = ExecType.CANCELED
    return told


def with_policy(policy: SelfTradePrevention, told: Case) -> Case:
    told.venue = {"self_trade": policy}
    return told


def on_grid(told: Case) -> Case:
    told.venue = {"tick_size": "0.0025", "lot_size": 5}
    return told


ask = order(1_000, 10, SELL, agent=4)
own_ask = order(1_000, 10, SELL)
pool_ask = order(1_000, 10, SELL, agent=0)

CASES = [
    case(Reason.UNKNOWN_MSG_TYPE, order(msg_type=3, order_id=7), order_id=7),
    case(Reason.UNKNOWN_MSG_TYPE, order(msg_type=-1, order_id=7), order_id=7),
    case(Reason.UNKNOWN_MARKET, order(market=1), order_id=0, market=1),
    case(Reason.UNKNOWN_MARKET, order(market=-1), order_id=0, market=-1),
    case(
        Reason.UNKNOWN_MARKET,
        order(msg_type=CANCEL, order_id=1, market=1),
        ask,
        market=1,
        price=0,
        qty=0,
    ),
    case(Reason.UNKNOWN_MARKET, order(msg_type=REPLACE, order_id=1, market=1), ask, market=1),
    case(Reason.BAD_SIDE, order(side=0)),
    case(Reason.BAD_SIDE, order(side=2)),
    case(Reason.BAD_ORD_TYPE, order(ord_type=3)),
    case(Reason.BAD_ORD_TYPE, order(ord_type=-1)),
    case(Reason.BAD_TIME_IN_FORCE, order(tif=4)),
    case(Reason.BAD_TIME_IN_FORCE, order(tif=-1)),
    case(Reason.BAD_TIME_IN_FORCE, order(ord_type=MARKET, tif=GTT, expire_tick=9), price=0),
    case(Reason.BAD_TIME_IN_FORCE, order(ord_type=PROTECTED, tif=GTT, expire_tick=9)),
    case(Reason.BAD_PRICE, order(0)),
    case(Reason.BAD_PRICE, order(-5)),
    case(Reason.BAD_PRICE, order(MAX_PRICE + 1)),
    case(Reason.BAD_PRICE, order(0, ord_type=PROTECTED)),
    case(Reason.BAD_PRICE, order(0, msg_type=REPLACE, order_id=1), order()),
    on_grid(case(Reason.OFF_TICK, order(1_010))),
    on_grid(case(Reason.OFF_TICK, order(1_010, msg_type=REPLACE, order_id=1), order())),
    case(Reason.BAD_QTY, order(qty=0)),
    case(Reason.BAD_QTY, order(qty=-1)),
    case(Reason.BAD_QTY, order(qty=MAX_QTY + 1)),
    case(Reason.BAD_QTY, order(qty=0, ord_type=MARKET), price=0),
    case(Reason.BAD_QTY, order(qty=0, msg_type=REPLACE, order_id=1), order()),
    on_grid(case(Reason.OFF_LOT, order(qty=7))),
    on_grid(case(Reason.OFF_LOT, order(qty=7, msg_type=REPLACE, order_id=1), order())),
    case(Reason.BAD_EXPIRE_TICK, order(tif=GTT, expire_tick=0)),
    case(Reason.BAD_EXPIRE_TICK, order(tif=GTT, expire_tick=-1)),
    case(Reason.BAD_EXPIRE_TICK, order(tif=GTT, expire_tick=MAX_TICK + 1)),
    case(Reason.BAD_EXEC_INST, order(exec_inst=2)),
    case(Reason.BAD_EXEC_INST, order(exec_inst=-1)),
    case(Reason.BAD_EXEC_INST, order(exec_inst=POST_ONLY, tif=IOC)),
    case(Reason.BAD_EXEC_INST, order(exec_inst=POST_ONLY, tif=FOK)),
    case(Reason.BAD_EXEC_INST, order(exec_inst=POST_ONLY, ord_type=MARKET), price=0),
    case(Reason.UNKNOWN_ORDER, order(msg_type=CANCEL, order_id=9), price=0, qty=0),
    case(Reason.UNKNOWN_ORDER, order(msg_type=CANCEL, order_id=0), price=0, qty=0),
    case(Reason.UNKNOWN_ORDER, order(msg_type=CANCEL, order_id=-1), price=0, qty=0),
    case(Reason.UNKNOWN_ORDER, order(msg_type=REPLACE, order_id=9)),
    case(
        Reason.UNKNOWN_ORDER,
        order(msg_type=CANCEL, order_id=1),
        order(),
        order(msg_type=CANCEL, order_id=1),
        price=0,
        qty=0,
    ),
    case(
        Reason.UNKNOWN_ORDER,
        order(msg_type=CANCEL, order_id=1, agent=0),
        pool_ask,
        price=0,
        qty=0,
    ),
    case(Reason.UNKNOWN_ORDER, order(msg_type=REPLACE, order_id=1, agent=0), pool_ask),
    case(Reason.NOT_OWNER, order(msg_type=CANCEL, order_id=1), ask, price=0, qty=0),
    case(Reason.NOT_OWNER, order(msg_type=REPLACE, order_id=1), ask),
    case(Reason.NOT_OWNER, order(msg_type=CANCEL, order_id=1, agent=-1), ask, price=0, qty=0),
    case(Reason.POST_ONLY_WOULD_CROSS, order(1_000, exec_inst=POST_ONLY), ask),
    case(
        Reason.POST_ONLY_WOULD_CROSS,
        order(1_000, msg_type=REPLACE, order_id=2, exec_inst=POST_ONLY),
        ask,
        order(990),
    ),
    case(Reason.FOK_UNFILLABLE, order(qty=11, tif=FOK), ask),
    case(Reason.FOK_UNFILLABLE, order(999, 1, tif=FOK), ask),
    case(Reason.FOK_UNFILLABLE, order(qty=11, tif=FOK, ord_type=MARKET), ask, price=0),
    case(Reason.FOK_UNFILLABLE, order(qty=11, tif=FOK, agent=0), pool_ask, ask),
    case(Reason.SELF_TRADE, order(tif=FOK), ask, own_ask),
    ended(Reason.SELF_TRADE, order(), own_ask),
    with_policy(
        SelfTradePrevention.CANCEL_BOTH,
        ended(Reason.SELF_TRADE, order(qty=4), own_ask, order_id=2, qty=4),
    ),
    ended(Reason.NO_LIQUIDITY, order(qty=25, ord_type=MARKET), ask, price=0, qty=15),
    ended(Reason.NO_LIQUIDITY, order(1_100, 25, ord_type=PROTECTED), ask, qty=15),
    ended(Reason.IOC_REMAINDER, order(qty=25, tif=IOC), ask, qty=15),
    ended(Reason.POOL_WOULD_CROSS, order(agent=0), pool_ask),
    ended(
        Reason.REQUESTED,
        order(5, 5, SELL, msg_type=CANCEL, order_id=1),
        order(),
        price=1_000,
        qty=10,
        side=BUY,
    ),
]


@pytest.mark.parametrize("told", CASES, ids=lambda told: told.reason.name)
def test_the_reason_comes_with_its_event(told: Case) -> None:
    venue = Venue(**told.venue)
    for message in told.before:
        send(venue, message)
    *_, last = send(venue, told.message)
    blank = {"contra_id": 0, "contra_agent": -1, "leaves": 0, "row": 0, "market": 0}
    m = told.message
    assert last == {
        **blank,
        "exec_type": told.exec_type,
        "reason": told.reason,
        "side": m.side,
        "agent": m.agent,
        **told.event,
    }


def test_a_refused_replace_leaves_the_order_as_it_was() -> None:
    for told in CASES:
        if told.message.msg_type != REPLACE or told.exec_type != ExecType.REJECTED:
            continue
        venue = Venue(**told.venue)
        for message in told.before:
            send(venue, message)
        before = venue.book().orders().rows()
        send(venue, told.message)
        assert venue.book().orders().rows() == before


def test_a_closed_market_takes_cancels_but_no_orders_and_no_replaces() -> None:
    venue = Venue()
    send(venue, order())
    venue.close(0)
    told = send(
        venue,
        order(),
        order(ord_type=MARKET),
        order(msg_type=REPLACE, order_id=1),
        order(msg_type=CANCEL, order_id=1),
    )
    assert [(e["exec_type"], e["reason"]) for e in told] == [
        (ExecType.REJECTED, Reason.MARKET_CLOSED),
        (ExecType.REJECTED, Reason.MARKET_CLOSED),
        (ExecType.REJECTED, Reason.MARKET_CLOSED),
        (ExecType.CANCELED, Reason.REQUESTED),
    ]


def test_only_the_markets_named_are_closed_and_they_open_again() -> None:
    venue = Venue(4)

    def reasons() -> list[int]:
        told = send(venue, *(order(market=market, side=BUY) for market in range(4)))
        return [e["reason"] for e in told]

    shut = Reason.MARKET_CLOSED
    for change, markets, expected in (
        (venue.close, 2, [0, 0, shut, 0]),
        (venue.close, np.array([0, 2]), [shut, 0, shut, 0]),
        (venue.open, 2, [shut, 0, 0, 0]),
        (venue.open, [], [shut, 0, 0, 0]),
        (venue.open, range(4), [0, 0, 0, 0]),
    ):
        change(markets)
        assert venue.closed.tolist() == [reason == shut for reason in expected]
        assert reasons() == expected
    venue.close(1)
    venue.reset()
    assert reasons() == [0] * 4


def test_orders_in_a_closed_market_expire_and_do_not_trade_until_it_opens() -> None:
    venue = Venue()
    send(venue, order(side=BUY, tif=GTT, expire_tick=5), order(side=BUY, price=990))
    venue.close(0)
    assert [e["reason"] for e in send(venue, order(side=SELL, price=990))] == [Reason.MARKET_CLOSED]
    assert [e["exec_type"] for e in send(venue, tick=5)] == [ExecType.EXPIRED]
    venue.open(0)
    told = send(venue, order(side=SELL, price=990, agent=4))
    assert [e["exec_type"] for e in told] == [ExecType.NEW, ExecType.TRADE]


def test_a_call_in_a_closed_market_takes_nothing_more_and_still_ends() -> None:
    venue = Venue()
    venue.begin_call()
    send(venue, order(side=BUY, agent=3), order(side=SELL, agent=4))
    venue.close(0)
    told = send(venue, order(side=BUY, agent=5), order(side=SELL, agent=6, ord_type=MARKET))
    assert [e["reason"] for e in told] == [Reason.MARKET_CLOSED] * 2
    assert venue.uncross().agent.tolist() == [3]


def test_an_order_expires_with_its_lifetime() -> None:
    venue = Venue()
    send(venue, order(tif=GTT, expire_tick=5))
    assert send(venue, tick=4) == []
    assert send(venue, tick=5) == [
        {
            "exec_type": ExecType.EXPIRED,
            "reason": Reason.LIFETIME_OVER,
            "side": BUY,
            "market": 0,
            "agent": 3,
            "contra_agent": -1,
            "row": -1,
            "order_id": 1,
            "contra_id": 0,
            "price": 1_000,
            "limit_price": 1_000,
            "qty": 10,
            "leaves": 0,
        }
    ]


def test_the_table_above_has_every_reason_the_venue_gives() -> None:
    shown = {told.reason for told in CASES} | {Reason.MARKET_CLOSED, Reason.LIFETIME_OVER}
    assert shown == set(Reason) - ELSEWHERE


BAD = {
    "ord_type": (9, Reason.BAD_ORD_TYPE),
    "tif": (9, Reason.BAD_TIME_IN_FORCE),
    "exec_inst": (9, Reason.BAD_EXEC_INST),
    "expire_tick": (0, Reason.BAD_EXPIRE_TICK),
    "side": (0, Reason.BAD_SIDE),
    "price": (0, Reason.BAD_PRICE),
    "qty": (0, Reason.BAD_QTY),
}


@pytest.mark.parametrize("first", range(len(BAD)))
def test_the_first_of_several_faults_is_the_one_reported(first: int) -> None:
    faults = dict(list(BAD.items())[first:])
    message = order(tif=GTT, expire_tick=5)
    message = message._replace(**{name: value for name, (value, _) in faults.items()})
    (event,) = send(Venue(tick_size="0.0025", lot_size=5), message)
    assert event["reason"] == next(iter(faults.values()))[1]
