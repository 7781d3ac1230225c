"""The call auction's kernels against the slow auction, and its rules one by one."""

from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtg.errors import ConfigError
from qtg.schemas import (
    Events,
    ExecInst,
    ExecType,
    Matching,
    MsgType,
    OrdType,
    Reason,
    Side,
    TimeInForce,
)
from qtg.venue import Venue
from tests.property.differential import FIELDS, Setup
from tests.property.invariants import check_market
from tests.property.strategies import batches
from tests.property.test_venue_properties import addressed
from tests.reference.auction import SlowAuctionVenue
from tests.reference.columns import as_columns, as_table
from tests.reference.rules import MAX_PRICE, Message
from tests.sizes import sized

BUY, SELL = Side.BUY, Side.SELL
KIND, ROW, MARKET = (FIELDS.index(name) for name in ("exec_type", "row", "market"))


class AuctionPair:
    """The venue and the slow venue side by side."""

    def __init__(self, setup: Setup) -> None:
        self.fast = setup._replace(matching=Matching.AUCTION).fast()
        self.slow = SlowAuctionVenue(
            setup.terms, self_trade=setup.self_trade, protection_bps=setup.protection_bps
        )

    def compare(self, events: Events, told: Sequence[dict[str, int]]) -> None:
        expected = [[event[name] for name in FIELDS] for event in told]
        wanted = np.array(expected, np.int64).reshape(-1, len(FIELDS))
        assert canonical(as_table(events)) == canonical(wanted)

    def check_books(self) -> None:
        for market in self.slow.markets:
            assert self.fast.book(market.number).orders().rows() == market.orders()
            check_market(self.fast, market.number)


def canonical(table: np.ndarray) -> list[list[int]]:
    """Event rows, with runs of cancels and expiries (whose order is not specified) sorted."""
    rows: list[list[int]] = []
    run: list[list[int]] = []
    for row in [*table.tolist(), None]:
        if row is not None and row[ROW] == -1 and row[KIND] != ExecType.TRADE:
            run.append(row)
            continue
        rows += sorted(run, key=lambda r: (r[MARKET], r))
        run = []
        if row is not None:
            rows.append(row)
    return rows


@settings(max_examples=sized(300, 15))
@given(st.lists(batches, max_size=8))
def test_batches_of_an_auction_venue_equal_the_slow_auction(stream: list) -> None:
    pair, tick = AuctionPair(Setup(((1, 1), (1, 1)))), 0
    for messages, ticks, *_ in stream:
        tick += ticks
        batch = addressed(pair, messages)
        pair.compare(pair.fast.submit(as_columns(batch), tick=tick), pair.slow.submit(batch, tick))
        pair.check_books()


@settings(max_examples=sized(150, 15))
@given(st.lists(batches, max_size=8), st.sampled_from([None, 1, 99, 101, 5_000]))
def test_a_call_over_several_batches_equals_the_slow_auction(
    stream: list, reference: int | None
) -> None:
    pair, tick = AuctionPair(Setup(((1, 1), (1, 1)))), 0
    pair.fast.begin_call()
    for messages, ticks, *_ in stream:
        tick += ticks
        batch = addressed(pair, messages)
        told = pair.slow.gather(batch, tick)
        pair.compare(pair.fast.submit(as_columns(batch), tick=tick), told)
    price = None if reference is None else f"{reference / 10_000:.4f}"
    given_prices = None if reference is None else [reference] * 2
    pair.compare(pair.fast.uncross(price), pair.slow.uncross(given=given_prices))
    assert not pair.fast.calling
    pair.check_books()


@settings(max_examples=sized(100, 3))
@given(st.integers(0, 2**32), st.sampled_from([1, 7]))
def test_deep_books_with_parked_orders_equal_the_slow_auction(seed: int, tick_size: int) -> None:
    random = Random(seed)
    pair = AuctionPair(Setup(((tick_size, 1),)))
    for _ in range(3):
        batch = [
            Message(
                ord_type=random.choices(list(OrdType), (20, 1, 1))[0],
                side=random.choice((BUY, SELL)),
                agent=random.choice((-1, 0, 3)),
                price=tick_size * random.choice((random.randint(900, 1100), 3, 50_000)),
                qty=random.randint(1, 30),
            )
            for _ in range(120)
        ]
        pair.compare(pair.fast.submit(as_columns(batch)), pair.slow.submit(batch))
        pair.check_books()


def auction(venue: Venue, *orders: tuple[Any, ...], **more: Any) -> list[tuple[int, int]]:
    """(price, quantity) of the trades when (side, price or None, quantity) are auctioned."""
    events = venue.submit(
        dict(
            side=[side for side, _, _ in orders],
            ord_type=[OrdType.LIMIT if price else OrdType.MARKET for _, price, _ in orders],
            price=[price or 0 for _, price, _ in orders],
            qty=[qty for _, _, qty in orders],
            **more,
        ),
        auction=True,
    )
    trades = events.exec_type == ExecType.TRADE
    return list(zip(events.price[trades].tolist(), events.qty[trades].tolist(), strict=True))


def test_price_with_the_most_volume_wins() -> None:
    orders = [(BUY, 105, 10), (BUY, 103, 20), (SELL, 100, 5), (SELL, 102, 25), (SELL, 104, 9)]
    traded = auction(Venue(), *orders)
    assert {price for price, _ in traded} <= {102, 103}
    assert sum(qty for _, qty in traded) == 30


def test_of_equal_volumes_the_least_imbalance_wins() -> None:
    # 10 trade at any price of 100 .. 110; only from 106 on is no bid left over.
    assert auction(Venue(), (BUY, 110, 10), (BUY, 105, 4), (SELL, 100, 10)) == [(106, 10)]


@pytest.mark.parametrize(("reference", "price"), [(90, 100), (104, 104), (300, 110)])
def test_of_equal_imbalances_the_price_nearest_the_reference_wins(
    reference: int, price: int
) -> None:
    venue = Venue()
    venue.begin_call()
    venue.submit({"side": [BUY, SELL], "price": [110, 100], "qty": [5, 5]})
    trades = venue.uncross(f"{reference / 10_000:.4f}")
    assert (trades.price.tolist(), trades.qty.tolist()) == ([price], [5])


@pytest.mark.parametrize(
    ("bought", "sold", "reference", "price"),
    [(3, 3, 95, 95), (3, 3, 105, 105), (2, 3, 105, 100), (3, 2, 95, 101)],
)
def test_adjacent_rests_of_both_sides_leave_the_smaller_imbalance(
    bought: int, sold: int, reference: int, price: int
) -> None:
    venue = Venue()
    venue.begin_call()
    venue.submit(
        {
            "side": [BUY, SELL, BUY, SELL],
            "price": [110, 90, 100, 101],
            "qty": [10, 10, bought, sold],
        }
    )
    assert venue.uncross(f"{reference / 10_000:.4f}").price.tolist() == [price]


def test_a_reference_between_two_ticks_gives_the_lower() -> None:
    venue = Venue(tick_size="0.0010")
    venue.begin_call()
    venue.submit({"side": [BUY, SELL], "price": [200, 100], "qty": [5, 5]})
    assert venue.uncross("0.0155").price.tolist() == [150]


def test_the_last_price_is_the_reference_of_the_next_auction() -> None:
    venue = Venue()
    assert auction(venue, (BUY, 107, 1), (SELL, 107, 1)) == [(107, 1)]
    assert auction(venue, (BUY, 110, 2), (SELL, 100, 2)) == [(107, 2)]


def test_without_any_reference_the_middle_of_the_best_limits_serves() -> None:
    assert auction(Venue(), (BUY, 110, 2), (SELL, 101, 2)) == [(105, 2)]
    assert auction(Venue(), (BUY, 110, 2), (BUY, 90, 1), (SELL, None, 2)) == [(110, 2)]


def test_market_orders_come_first_and_alone_trade_at_the_reference() -> None:
    venue = Venue()
    assert auction(venue, (BUY, None, 5), (SELL, None, 5)) == []
    assert auction(venue, (BUY, 100, 1), (SELL, 100, 1)) == [(100, 1)]
    assert auction(venue, (BUY, None, 5), (SELL, None, 3)) == [(100, 3)]
    assert venue.book().orders().height == 0


def test_fills_follow_price_then_time_at_one_price() -> None:
    events = Venue().submit(
        {
            "side": [BUY, BUY, BUY, BUY, SELL],
            "ord_type": [0, 0, 0, OrdType.MARKET, 0],
            "price": [101, 103, 101, 0, 101],
            "qty": [4, 3, 4, 2, 10],
        },
        auction=True,
    )
    trades = events.exec_type == ExecType.TRADE
    assert events.order_id[trades].tolist() == [4, 2, 1, 3]
    assert events.qty[trades].tolist() == [2, 3, 4, 1]
    assert set(events.price[trades].tolist()) == {101}
    assert set(events.side[trades].tolist()) == {1}
    assert set(events.row[trades].tolist()) == {-1}
    assert events.limit_price[trades].tolist() == [0, 103, 101, 101]
    assert events.leaves[trades].tolist() == [0, 0, 0, 3]


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"tif": TimeInForce.FOK}, Reason.BAD_TIME_IN_FORCE),
        ({"exec_inst": ExecInst.POST_ONLY}, Reason.BAD_EXEC_INST),
        ({"msg_type": MsgType.REPLACE, "exec_inst": ExecInst.POST_ONLY}, Reason.UNKNOWN_ORDER),
    ],
)
def test_what_means_nothing_in_a_call_is_refused(order: dict[str, int], reason: Reason) -> None:
    columns = {name: [value] for name, value in order.items()}
    events = Venue().submit(dict(price=[100], qty=[1], **columns), auction=True)
    assert (events.exec_type.tolist(), events.reason.tolist()) == ([ExecType.REJECTED], [reason])


def test_a_post_only_replace_in_a_call_is_refused_once_its_order_is_found() -> None:
    venue = Venue()
    venue.begin_call()
    amend = {"msg_type": [0, 2, 2], "exec_inst": [0, 1, 1], "agent": [3, 4, 3]}
    events = venue.submit(dict(amend, order_id=[0, 1, 1], price=[100] * 3, qty=[1] * 3))
    assert events.reason.tolist() == [Reason.NONE, Reason.NOT_OWNER, Reason.BAD_EXEC_INST]


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"ord_type": OrdType.MARKET}, Reason.NO_LIQUIDITY),
        ({"ord_type": OrdType.PROTECTED, "price": 100}, Reason.NO_LIQUIDITY),
        ({"tif": TimeInForce.IOC, "price": 100}, Reason.IOC_REMAINDER),
    ],
)
def test_rests_of_orders_that_may_not_rest_are_cancelled(
    order: dict[str, int], reason: Reason
) -> None:
    columns = {name: [value, 0] for name, value in ({"ord_type": 0, "tif": 0} | order).items()}
    columns["price"] = [order.get("price", 0), 100]
    events = Venue().submit(dict(columns, side=[BUY, SELL], qty=[5, 2]), auction=True)
    assert events.exec_type.tolist()[2:] == [ExecType.TRADE, ExecType.CANCELED]
    assert (events.qty[3], events.reason[3], events.row[3]) == (3, reason, -1)


def test_owners_and_the_pool_trade_with_themselves() -> None:
    venue = Venue()
    assert auction(venue, (BUY, 100, 3), (SELL, 100, 3), agent=[5, 5]) == [(100, 3)]
    assert auction(venue, (BUY, 100, 3), (SELL, 100, 3), agent=[0, 0]) == [(100, 3)]


def test_a_call_holds_crossed_orders_that_can_be_amended_until_it_ends() -> None:
    venue = Venue()
    venue.begin_call()
    venue.submit(
        {"side": [BUY, SELL, BUY], "ord_type": [0, 0, 1], "price": [110, 100, 0], "qty": [5, 5, 7]}
    )
    assert (venue.book().best(1), venue.book().best(-1)) == (110, 100)
    assert venue.book().bids().price.tolist() == [110]
    events = venue.submit(
        {
            "msg_type": [MsgType.CANCEL, MsgType.REPLACE],
            "order_id": [3, 1],
            "price": [0, 90],
            "qty": [0, 5],
        }
    )
    assert events.exec_type.tolist() == [ExecType.CANCELED, ExecType.REPLACED]
    assert (events.qty[0], events.price[0]) == (7, 0)
    assert len(venue.uncross().qty) == 0
    assert venue.book().best(1) == 90
    assert venue.submit({"side": [BUY], "price": [100], "qty": [1]}).exec_type.tolist() == [0, 1]


def test_markets_uncross_each_at_its_own_price_and_events_stay_grouped() -> None:
    n = 300
    market = np.tile(np.arange(n), 2)
    events = Venue(n, window=64).submit(
        {
            "market": market,
            "side": np.repeat([BUY, SELL], n),
            "price": 1_000 + market,
            "qty": np.full(2 * n, 3),
        },
        auction=True,
    )
    trades = events.exec_type == ExecType.TRADE
    assert events.price[trades].tolist() == (1_000 + np.arange(n)).tolist()
    assert events.exec_type.reshape(n, 3).tolist() == [[0, 0, 1]] * n
    assert events.market.tolist() == np.repeat(np.arange(n), 3).tolist()


def test_prices_at_the_end_of_the_range_do_not_overflow() -> None:
    orders = [(BUY, MAX_PRICE, 5), (SELL, MAX_PRICE, 3), (SELL, 1, 1), (BUY, None, 1)]
    traded = auction(Venue(), *orders)
    assert sum(qty for _, qty in traded) == 4
    assert {price for price, _ in traded} == {MAX_PRICE}


def test_a_bad_reference_is_one_clear_error() -> None:
    with pytest.raises(ConfigError, match="reference must be a positive price"):
        Venue().uncross(0)
    with pytest.raises(ConfigError, match="2 values given for 1 markets"):
        Venue().uncross(["1", "2"])
