"""Far prices, deep books, huge quantities and tables with no room left."""

import pytest

from qtg.errors import CapacityError, ConfigError
from qtg.schemas import ExecType, OrdType, SelfTradePrevention, Side, TimeInForce
from qtg.venue import MAX_SLOTS, Venue
from tests.property.differential import Pair, Setup
from tests.property.invariants import check_market
from tests.reference.columns import send
from tests.reference.rules import MAX_PRICE, MAX_QTY, MAX_TICK, Message
from tests.sizes import sized

ONE = Setup(terms=((1, 1),))
BUY, SELL = Side.BUY, Side.SELL


def alike(setup: Setup, *batches: list[Message]) -> Pair:
    """Both venues after the batches; raises where they differ."""
    pair = Pair(setup)
    for batch in batches:
        pair.submit(batch)
        pair.check_books()
    return pair


@pytest.mark.parametrize("side", [BUY, SELL])
def test_orders_at_the_lowest_and_highest_price_rest_and_trade(side: Side) -> None:
    prices = [1, MAX_PRICE, 100, MAX_PRICE - 1, 2, 164]
    rest = [Message(side=side, price=price, qty=5) for price in prices]
    take = Message(side=-side, qty=30, ord_type=OrdType.MARKET)
    pair = alike(ONE, rest, [take])
    assert pair.counts["TRADE"] == 6


@pytest.mark.parametrize("step", [1, 63, 64, 65, 1_000])
@pytest.mark.parametrize("side", [BUY, SELL])
def test_levels_further_apart_than_the_window_are_honoured(side: Side, step: int) -> None:
    prices = [100_000 + side * step * i for i in range(40)]
    rest = [Message(side=side, price=price, qty=1) for price in prices + prices[::-1]]
    take = Message(side=-side, price=100_000 + side * step * 20, qty=100)
    assert alike(ONE, rest, [take]).counts["TRADE"] == 40


@pytest.mark.parametrize("bps", [100, 5_001, 7_000, 9_999, 10_000, 20_000, 1_000_000])
@pytest.mark.parametrize("side", [BUY, SELL])
def test_protection_prices_beyond_all_prices_do_not_overflow(side: Side, bps: int) -> None:
    best = MAX_PRICE if side == SELL else MAX_PRICE - 10
    others = (1, MAX_PRICE // 3, MAX_PRICE // 2, MAX_PRICE - 1)
    rest = [
        Message(side=-side, price=price, qty=5)
        for price in (best, *others)
        if side == SELL or price >= best
    ]
    take = Message(side=side, qty=50, ord_type=OrdType.MARKET)
    pair = alike(ONE._replace(protection_bps=bps), rest, [take])
    assert pair.counts["TRADE"] > 1


def test_the_largest_quantity_trades_in_one_piece() -> None:
    pair = alike(ONE, [Message(side=SELL, price=1, qty=MAX_QTY), Message(price=1, qty=MAX_QTY)])
    assert pair.counts["TRADE"] == 1


def test_no_sum_of_what_rests_in_a_market_leaves_an_int64() -> None:
    assert MAX_QTY * MAX_SLOTS < 2**63


@pytest.mark.compiled
def test_a_level_of_the_largest_orders_adds_up() -> None:
    venue, n = Venue(), 2**15 + 1
    send(venue, *[Message(side=SELL, price=100, qty=MAX_QTY)] * n)
    deep = n * MAX_QTY
    assert venue.book().asks().qty.tolist() == [deep]
    assert int(venue.book_columns.levels.qty.max()) == deep
    events = send(venue, Message(price=100, qty=5, tif=TimeInForce.FOK))
    assert [e["exec_type"] for e in events] == [ExecType.NEW, ExecType.TRADE]
    assert venue.book().asks().qty.tolist() == [deep - 5]


def test_a_market_holds_no_more_than_so_many_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qtg.venue.MAX_SLOTS", 64)
    venue = Venue(2, orders=16)
    order = Message(market=1, price=100, qty=1)
    fading = order._replace(tif=TimeInForce.GTT, expire_tick=5)
    send(venue, *[order] * 60, fading, fading)
    with pytest.raises(CapacityError, match="market 1 is full: 64 orders rest in it"):
        send(venue, *[order] * 3)
    check_market(venue, 1)
    assert venue.resting.tolist() == [0, 64], "what came before the order too many was worked"
    with pytest.raises(CapacityError, match="market 1 is full"):
        send(venue, order)
    assert len(send(venue, order._replace(market=0))) == 1, "other markets go on"
    events = send(venue, order._replace(side=SELL, qty=64), tick=5)
    kinds = [e["exec_type"] for e in events]
    assert kinds == [ExecType.EXPIRED] * 2 + [ExecType.NEW] + [ExecType.TRADE] * 62
    with pytest.raises(ConfigError, match="orders must be at most 64 per market, got 65"):
        Venue(orders=65)


@pytest.mark.parametrize("policy", list(SelfTradePrevention))
def test_a_small_order_may_cause_more_events_than_its_quantity(policy: SelfTradePrevention) -> None:
    n = sized(200, 40)
    own = [[Message(side=SELL, agent=1, price=100 + i, qty=1)] for i in range(n)]
    other = [Message(side=SELL, agent=2, price=1_000, qty=1)]
    pair = alike(
        ONE._replace(self_trade=policy), *own, other, [Message(agent=1, price=1_000, qty=1)]
    )
    cancelled = {SelfTradePrevention.CANCEL_RESTING: n, SelfTradePrevention.CANCEL_BOTH: 2}
    assert pair.counts["CANCELED"] == cancelled.get(policy, 1)


@pytest.mark.parametrize("batch", [1, 7, 1_000])
def test_orders_and_events_grow_without_losing_any(batch: int) -> None:
    venue = Venue(orders=16, events=64, window=64)
    for first in range(0, 1_000, batch):
        rows = range(first, min(first + batch, 1_000))
        events = send(venue, *(Message(side=SELL, price=1 + i, qty=1) for i in rows))
        assert [e["order_id"] for e in events] == [1 + i for i in rows]
    check_market(venue, 0)
    events = send(venue, Message(price=1_000, qty=1_000))
    assert [e["contra_id"] for e in events[1:]] == list(range(1, 1_001))


def test_expiries_beyond_the_room_for_events_are_all_told() -> None:
    venue = Venue(orders=16, events=64)
    for i in range(500):
        send(venue, Message(price=1 + i, qty=1, tif=TimeInForce.GTT, expire_tick=3))
    assert len(venue.events.qty) == 64
    assert {e["order_id"] for e in send(venue, tick=3)} == set(range(1, 501))
    check_market(venue, 0)


def test_an_old_order_is_found_after_its_neighbours_have_come_and_gone() -> None:
    venue = Venue(orders=16)
    send(venue, Message(price=1, qty=1))
    for i in range(500):
        send(venue, Message(price=2, qty=1), Message(1, order_id=i + 2))
    assert venue.book_columns.orders.order_id.shape[1] == 16, "slots and ids are used again"
    (event,) = send(venue, Message(1, order_id=1))
    assert (event["exec_type"], event["price"]) == (ExecType.CANCELED, 1)


def test_the_last_tick_is_a_lifetime_like_any_other() -> None:
    venue = Venue()
    send(venue, Message(price=1, qty=1, tif=TimeInForce.GTT, expire_tick=MAX_TICK))
    assert send(venue, tick=MAX_TICK - 1) == []
    assert [e["exec_type"] for e in send(venue, tick=MAX_TICK)] == [ExecType.EXPIRED]
