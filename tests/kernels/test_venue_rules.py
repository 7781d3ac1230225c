"""What the venue does, one behaviour a test (docs/adr/0002-venue-rules.md)."""

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
from tests.reference.rules import Message

NEW, TRADE, CANCELED, REPLACED, REJECTED, EXPIRED = ExecType
POOL = 0


def buy(price: int = 0, qty: int = 10, agent: int = 3, **other: int) -> Message:
    return Message(side=Side.BUY, price=price, qty=qty, agent=agent, **other)


def sell(price: int = 0, qty: int = 10, agent: int = 4, **other: int) -> Message:
    return Message(side=Side.SELL, price=price, qty=qty, agent=agent, **other)


def cancel(order_id: int, agent: int = 4) -> Message:
    return Message(MsgType.CANCEL, order_id=order_id, agent=agent)


def replace(order_id: int, price: int, qty: int, agent: int = 4, **other: int) -> Message:
    return Message(MsgType.REPLACE, order_id=order_id, price=price, qty=qty, agent=agent, **other)


def trades(events: list[dict[str, int]]) -> list[tuple[int, int, int]]:
    """(resting order, price, quantity) of each trade."""
    return [(e["contra_id"], e["price"], e["qty"]) for e in events if e["exec_type"] == TRADE]


def kinds(events: list[dict[str, int]]) -> list[ExecType]:
    return [ExecType(e["exec_type"]) for e in events]


def resting(venue: Venue, market: int = 0) -> list[tuple[int, int, int]]:
    """(order_id, price, quantity) in price-time priority, buys first."""
    orders = venue.book(market).orders()
    return orders.select("order_id", "price", "qty").rows()


def test_limit_orders_match_by_price_then_time() -> None:
    venue = Venue()
    send(venue, sell(102), sell(101), sell(101, agent=5), sell(100))
    assert trades(send(venue, buy(101, 35))) == [(4, 100, 10), (2, 101, 10), (3, 101, 10)]
    assert resting(venue) == [(5, 101, 5), (1, 102, 10)]


def test_a_trade_takes_the_resting_price_and_names_both_sides() -> None:
    venue = Venue()
    send(venue, sell(100, 10))
    *_, trade = send(venue, buy(105, 4))
    assert trade == {
        "exec_type": TRADE,
        "reason": Reason.NONE,
        "side": Side.BUY,
        "market": 0,
        "agent": 3,
        "contra_agent": 4,
        "row": 0,
        "order_id": 2,
        "contra_id": 1,
        "price": 100,
        "limit_price": 105,
        "qty": 4,
        "leaves": 0,
    }


def test_orders_that_do_not_overlap_rest_on_both_sides() -> None:
    venue = Venue()
    assert kinds(send(venue, buy(99), sell(100))) == [NEW, NEW]
    assert (venue.book().best(Side.BUY), venue.book().best(Side.SELL)) == (99, 100)


def test_a_partial_fill_leaves_the_remainder_at_its_place() -> None:
    venue = Venue()
    send(venue, sell(100, 10), sell(100, 10))
    send(venue, buy(100, 4))
    assert resting(venue) == [(1, 100, 6), (2, 100, 10)]


def test_a_market_order_executes_at_the_best_available_prices() -> None:
    venue = Venue()
    send(venue, sell(105), sell(100), sell(103))
    events = send(venue, buy(qty=25, ord_type=OrdType.MARKET))
    assert trades(events) == [(2, 100, 10), (3, 103, 10), (1, 105, 5)]
    assert {e["limit_price"] for e in events} == {0}


def test_the_rest_of_a_market_order_is_cancelled() -> None:
    venue = Venue()
    send(venue, sell(100))
    *_, last = send(venue, buy(qty=25, ord_type=OrdType.MARKET))
    assert (last["exec_type"], last["reason"], last["qty"]) == (CANCELED, Reason.NO_LIQUIDITY, 15)
    assert resting(venue) == []


def test_a_market_order_into_an_empty_book_is_accepted_and_cancelled() -> None:
    for bps in (0, 100):
        events = send(Venue(protection_bps=bps), buy(qty=5, ord_type=OrdType.MARKET))
        assert kinds(events) == [NEW, CANCELED]


@pytest.mark.parametrize(
    ("side", "prices", "reached"),
    [
        (Side.BUY, (1_000, 1_010, 1_015, 1_020), 3),  # 1.5% of 1000 is 15
        (Side.BUY, (1_000, 1_014, 1_016, 1_020), 2),
        (Side.SELL, (1_000, 990, 985, 980), 3),
        (Side.SELL, (1_000, 986, 984, 980), 2),
    ],
)
def test_a_market_order_stops_at_its_protection_price(
    side: Side, prices: tuple[int, ...], reached: int
) -> None:
    venue = Venue(protection_bps=150)
    for price in prices:
        send(venue, Message(side=-side, price=price, qty=1))
    events = send(venue, Message(side=side, qty=9, ord_type=OrdType.MARKET))
    assert [price for _, price, _ in trades(events)] == list(prices[:reached])
    assert events[-1]["reason"] == Reason.NO_LIQUIDITY


def test_the_protection_price_is_rounded_towards_the_best_price() -> None:
    venue = Venue(tick_size="0.0010", protection_bps=150)
    send(venue, sell(1_000), sell(1_010), sell(1_020))
    events = send(venue, buy(qty=30, ord_type=OrdType.MARKET))
    assert [price for _, price, _ in trades(events)] == [1_000, 1_010]


def test_a_protected_order_is_a_market_order_with_its_own_worst_price() -> None:
    venue = Venue(protection_bps=1)
    send(venue, sell(100), sell(101), sell(102))
    events = send(venue, buy(101, 30, ord_type=OrdType.PROTECTED))
    assert trades(events) == [(1, 100, 10), (2, 101, 10)]
    last = events[-1]
    assert (last["reason"], last["qty"], last["price"]) == (Reason.NO_LIQUIDITY, 10, 101)


def test_an_immediate_order_never_rests() -> None:
    venue = Venue()
    send(venue, sell(100, 4))
    events = send(venue, buy(100, 10, tif=TimeInForce.IOC))
    assert kinds(events) == [NEW, TRADE, CANCELED]
    assert resting(venue) == []


def test_fill_or_kill_is_all_or_nothing() -> None:
    venue = Venue()
    send(venue, sell(100, 4), sell(101, 4))
    assert kinds(send(venue, buy(101, 9, tif=TimeInForce.FOK))) == [REJECTED]
    assert kinds(send(venue, buy(101, 8, tif=TimeInForce.FOK))) == [NEW, TRADE, TRADE]


def test_post_only_rests_when_it_would_not_trade() -> None:
    venue = Venue()
    send(venue, sell(100))
    assert kinds(send(venue, buy(99, exec_inst=ExecInst.POST_ONLY))) == [NEW]
    assert kinds(send(venue, buy(100, exec_inst=ExecInst.POST_ONLY))) == [REJECTED]
    assert resting(venue) == [(2, 99, 10), (1, 100, 10)]


def test_a_cancelled_order_is_gone_and_does_not_trade() -> None:
    venue = Venue()
    send(venue, sell(100), sell(101))
    send(venue, cancel(1))
    assert trades(send(venue, buy(101, 20))) == [(2, 101, 10)]


def test_an_anonymous_order_can_be_cancelled_anonymously() -> None:
    venue = Venue()
    send(venue, sell(100, agent=-1))
    assert kinds(send(venue, cancel(1, agent=-1))) == [CANCELED]


@pytest.mark.parametrize(
    ("price", "qty", "order"),
    [
        (100, 6, [1, 2]),  # same price and less quantity
        (100, 10, [1, 2]),  # nothing changed
        (100, 11, [2, 1]),  # more quantity
        (101, 10, [2, 1]),  # another price
        (99, 10, [1, 2]),  # a better price
    ],
)
def test_replace_keeps_its_place_only_at_its_price_with_no_more_quantity(
    price: int, qty: int, order: list[int]
) -> None:
    venue = Venue()
    send(venue, sell(100), sell(100))
    (event,) = send(venue, replace(1, price, qty))
    told = (event["price"], event["qty"], event["limit_price"], event["leaves"])
    assert told == (100, 10, price, qty)
    assert [row[0] for row in resting(venue)] == order


def test_a_replaced_order_that_comes_back_to_its_price_is_last() -> None:
    venue = Venue()
    send(venue, sell(100), sell(100))
    send(venue, replace(1, 101, 10), replace(1, 100, 10))
    assert [row[0] for row in resting(venue)] == [2, 1]


def test_a_replaced_order_may_trade_on_arrival_under_its_old_id() -> None:
    venue = Venue()
    send(venue, buy(100, 4), sell(105, 10))
    events = send(venue, replace(2, 100, 10))
    assert kinds(events) == [REPLACED, TRADE]
    assert (events[1]["order_id"], events[1]["contra_id"]) == (2, 1)
    assert resting(venue) == [(2, 100, 6)]


def test_a_replaced_order_keeps_its_lifetime() -> None:
    venue = Venue()
    send(venue, sell(100, tif=TimeInForce.GTT, expire_tick=5))
    send(venue, replace(1, 101, 20), tick=3)
    assert kinds(send(venue, tick=5)) == [EXPIRED]


def test_an_agent_never_trades_with_itself_and_its_incoming_order_is_cancelled() -> None:
    venue = Venue()
    send(venue, sell(100, agent=4), sell(101, agent=3), sell(102, agent=4))
    events = send(venue, buy(102, 30, agent=3))
    assert kinds(events) == [NEW, TRADE, CANCELED]
    assert (events[-1]["reason"], events[-1]["qty"]) == (Reason.SELF_TRADE, 20)
    assert resting(venue) == [(2, 101, 10), (3, 102, 10)]


def test_self_trade_prevention_can_cancel_the_resting_orders_instead() -> None:
    venue = Venue(self_trade=SelfTradePrevention.CANCEL_RESTING)
    send(venue, sell(100, agent=4), sell(101, agent=3), sell(102, agent=4))
    events = send(venue, buy(102, 30, agent=3))
    assert kinds(events) == [NEW, TRADE, CANCELED, TRADE]
    assert (events[2]["order_id"], events[2]["reason"]) == (2, Reason.SELF_TRADE)
    assert resting(venue) == [(4, 102, 10)]


def test_self_trade_prevention_can_cancel_both() -> None:
    venue = Venue(self_trade=SelfTradePrevention.CANCEL_BOTH)
    send(venue, sell(100, agent=4), sell(101, agent=3), sell(102, agent=4))
    events = send(venue, buy(102, 30, agent=3))
    assert kinds(events) == [NEW, TRADE, CANCELED, CANCELED]
    assert [e["order_id"] for e in events[2:]] == [2, 4]
    assert resting(venue) == [(3, 102, 10)]


def test_anonymous_orders_trade_with_each_other() -> None:
    venue = Venue()
    send(venue, sell(100, agent=-1))
    assert trades(send(venue, buy(100, agent=-1))) == [(1, 100, 10)]


def test_background_pool_orders_do_not_match_each_other() -> None:
    venue = Venue()
    send(venue, sell(100, agent=POOL), sell(101, agent=4))
    events = send(venue, buy(101, 15, agent=POOL))
    assert trades(events) == [(2, 101, 10)]
    last = events[-1]
    assert (last["reason"], last["qty"]) == (Reason.POOL_WOULD_CROSS, 5)
    assert resting(venue) == [(1, 100, 10)]


def test_background_pool_orders_match_ordinary_agents_in_time_priority() -> None:
    venue = Venue()
    send(venue, sell(100, agent=4), sell(100, agent=POOL), sell(100, agent=5))
    assert trades(send(venue, buy(100, 30))) == [(1, 100, 10), (2, 100, 10), (3, 100, 10)]


def test_background_pool_orders_match_each_other_where_that_is_allowed() -> None:
    venue = Venue(pool_trades_itself=True)
    send(venue, sell(100, agent=POOL))
    assert trades(send(venue, buy(100, agent=POOL))) == [(1, 100, 10)]


def test_an_order_lives_until_its_tick_even_when_time_jumps_past_it() -> None:
    venue = Venue()
    for expire_tick in (2, 257, 258, 1_000):
        send(venue, sell(100, tif=TimeInForce.GTT, expire_tick=expire_tick))
    assert [e["order_id"] for e in send(venue, tick=2)] == [1]
    assert send(venue, tick=256) == []
    assert {e["order_id"] for e in send(venue, tick=999)} == {2, 3}
    assert [e["order_id"] for e in send(venue, tick=1_000)] == [4]


def test_an_expired_order_is_gone_before_the_batch_of_its_tick() -> None:
    venue = Venue()
    send(venue, sell(100, tif=TimeInForce.GTT, expire_tick=5))
    assert kinds(send(venue, buy(100), tick=5)) == [EXPIRED, NEW]


def test_ids_count_every_new_row_in_batch_order_even_when_it_is_rejected() -> None:
    venue = Venue(2)
    batch = [buy(99, market=1), buy(-1), buy(99, market=7), cancel(1), buy(98), buy(97, market=1)]
    events = send(venue, *batch)
    assert [(e["row"], e["order_id"]) for e in events] == [
        (1, 2),
        (3, 1),
        (4, 3),
        (0, 1),
        (5, 4),
        (2, 0),
    ]


def test_every_environment_counts_its_own_ids() -> None:
    venue = Venue(2, envs=(5, 9))
    events = send(venue, buy(99, market=3), buy(99, market=0), buy(99, market=2))
    assert [(e["market"], e["order_id"]) for e in events] == [(0, 1), (2, 2), (3, 1)]


def test_an_order_is_only_known_in_its_own_market() -> None:
    venue = Venue(2)
    send(venue, sell(100))
    (event,) = send(venue, cancel(1)._replace(market=1))
    assert event["reason"] == Reason.UNKNOWN_ORDER
    assert resting(venue) == [(1, 100, 10)]
