"""Around the tick: hooks, orders from outside, the warm-up, the opening, time, memory."""

from typing import Any

import numpy as np
import pytest

import qtg
from qtg.schemas import ExecType, OrdType, Reason, Side
from qtg.simulation import Simulation
from tests.reference.columns import as_columns
from tests.reference.rules import Message

from .small import FIRST, PRICE, STEP, events_of, lively, quiet, start, tick

BUY = Message(agent=FIRST, side=Side.BUY, price=PRICE, qty=10)
SELL = Message(agent=FIRST + 1, side=Side.SELL, price=PRICE, qty=10)


def test_hooks_run_in_their_order_at_the_end_of_every_tick() -> None:
    sim, seen = start(quiet()), []
    sim.add_hook(lambda s: seen.append(("first", s.tick, s.counts.events)))
    sim.add_hook(lambda s: seen.append(("second", s.tick, s.counts.trades)))
    tick(sim, SELL, BUY)
    tick(sim)
    assert seen == [("first", 1, 3), ("second", 1, 1), ("first", 2, 0), ("second", 2, 0)]


def test_a_hook_may_send_orders_for_the_next_tick() -> None:
    sim, arrived = start(quiet()), []

    def follow(s: Simulation) -> None:
        arrived.append(s.counts.orders)
        if s.tick == 1:
            s.submit(as_columns([BUY]))

    sim.add_hook(follow)
    sim.run(3)
    assert arrived == [0, 1, 0]


def test_an_error_in_a_hook_reaches_the_caller() -> None:
    sim = start(quiet())
    sim.add_hook(lambda s: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        sim.step()
    with pytest.raises(qtg.ConfigError, match="a hook must be a function of the simulation, not 5"):
        sim.add_hook(5)  # type: ignore[arg-type]


def test_batches_from_outside_keep_their_order() -> None:
    sim = start(quiet())
    for qty in (1, 2, 3):
        sim.submit({"agent": [FIRST, FIRST + 1], "price": [PRICE, PRICE], "qty": [qty, qty + 10]})
    sim.step()
    assert sim.book("A").orders()["qty"].to_list() == [1, 11, 2, 12, 3, 13]
    sim.step()
    assert sim.book("A").orders().height == 6


@pytest.mark.parametrize(
    ("orders", "sentence"),
    [
        ({"agent": [2], "price": [1.5], "qty": [1]}, "price must hold integers"),
        ({"agent": [2], "price": [1, 2], "qty": [1]}, "unequal lengths"),
        ({"agent": [2], "prize": [1]}, "no order column is called 'prize'"),
        ({"agent": [2**40], "qty": [1]}, "agent holds a number that does not fit int32"),
        ({"price": [100], "qty": [1]}, "orders need an account"),
    ],
)
def test_unusable_columns_are_a_named_error(orders: dict[str, Any], sentence: str) -> None:
    sim = start(quiet())
    with pytest.raises(qtg.OrderError, match=sentence):
        sim.submit(orders)
    assert sim.step().counts.events == 0


def test_callers_keep_their_columns() -> None:
    sim = start(quiet())
    orders = as_columns([BUY._replace(ord_type=OrdType.MARKET, price=7)])
    sim.submit(orders)
    sim.step()
    assert (orders.price[0], orders.ord_type[0]) == (7, OrdType.MARKET)


def test_a_warm_up_ends_early_when_every_book_is_deep_enough() -> None:
    sim = start(lively({"warmup.ticks": 40, "warmup.min_book_depth": 60}))
    assert sim.last_tick == 100
    depths = []
    while sim.warming_up:
        progress = sim.warmup_progress()
        assert progress is not None
        assert (progress.tick, progress.ticks) == (sim.tick, 40)
        depths.append(min(progress.book_depth.values()))
        sim.step()
    assert depths[-1] >= 60 > depths[-2]
    assert sim.warmup_progress() is None
    assert sim.last_tick == len(depths) - 1 + 60
    assert sim.counts.orders_smart > 0


def test_a_warm_up_lasts_its_time_when_books_stay_shallow() -> None:
    sim = start(lively({"warmup.ticks": 12, "warmup.min_book_depth": 10**6})).run(12)
    assert sim.warming_up
    assert not sim.step().warming_up


@pytest.mark.compiled
def test_an_opening_auction_trades_at_one_price_after_the_warm_up() -> None:
    changes = {"venue.opening_auction": True, "warmup.ticks": 15, "check_every": 0}
    sim = start(lively({**changes, "background.aggressive": 0.4}))
    for _ in range(14):
        assert sim.step().counts.trades == 0
    assert sim.exchange.venue.calling
    sim.step()
    trades = [e for e in events_of(sim) if e["exec_type"] == ExecType.TRADE]
    for market in (0, 1):
        prices = {e["price"] for e in trades if e["market"] == market}
        assert len(prices) == 1
        fair = int(sim.exchange.view.fair_value[market])
        assert abs(prices.pop() - fair) < fair // 100
    qtg_book = sim.book("AAPL")
    assert qtg_book.best(Side.BUY) < qtg_book.best(Side.SELL)
    assert sim.run(20).counts.trades > 0


def test_an_opening_auction_without_a_warm_up_ends_in_the_first_tick() -> None:
    sim = start(quiet({"venue.opening_auction": True}))
    events = tick(sim, BUY._replace(price=PRICE + 3 * STEP), SELL._replace(price=PRICE - STEP))
    assert [e["price"] for e in events if e["exec_type"] == ExecType.TRADE] == [PRICE]
    assert not sim.exchange.venue.calling


def test_matching_by_auction_trades_at_one_price_in_every_tick() -> None:
    sim = start(quiet({"venue.matching": "auction"}))
    events = tick(
        sim,
        BUY._replace(price=PRICE + 2 * STEP, qty=6),
        SELL._replace(price=PRICE - STEP),
        BUY._replace(agent=FIRST + 2, price=PRICE + STEP, qty=2),
        BUY._replace(agent=FIRST + 3, price=PRICE - 5 * STEP),
    )
    trades = [
        (e["price"], e["agent"], e["qty"]) for e in events if e["exec_type"] == ExecType.TRADE
    ]
    assert trades == [(PRICE, FIRST, 6), (PRICE, FIRST + 2, 2)]
    assert sim.exchange.ledger.accounts.reserved[FIRST] == 0


def test_orders_expire_at_the_start_of_their_tick() -> None:
    sim = start(quiet())
    tick(sim, BUY._replace(tif=3, expire_tick=3))
    assert tick(sim) == []
    (event,) = tick(sim)
    assert (event["exec_type"], event["reason"]) == (ExecType.EXPIRED, Reason.LIFETIME_OVER)
    assert sim.exchange.ledger.accounts.reserved[FIRST] == 0


def test_ticks_map_to_market_time() -> None:
    config = quiet({"tick_ms": 250, "start": "2026-03-02T09:00:00Z", "storage.candles": ["1s"]})
    sim = start(config)
    assert sim.time_ns(1) == int(np.datetime64("2026-03-02T09:00:00", "ns").astype(np.int64))
    assert sim.time_ns(5) - sim.time_ns(1) == 10**9


def test_running_backwards_is_refused() -> None:
    with pytest.raises(qtg.ConfigError, match="ticks must not be negative, got -1"):
        start(quiet()).run(-1)
    with pytest.raises(qtg.ConfigError, match="threads must be at least 1, got 0"):
        qtg.simulate(quiet(), threads=0)


def test_an_unknown_symbol_has_no_book() -> None:
    with pytest.raises(qtg.ConfigError, match="no symbol 'AAPL'; this run trades A"):
        start(quiet()).book("AAPL")


def test_memory_is_told_by_component() -> None:
    sizes = start(lively()).run(5).memory()
    parts = {"books", "ledger", "delay queue", "outbox", "economy", "tier 1", "tier 2", "tier 3"}
    assert set(sizes) == parts
    assert all(0 < size < 50e6 for size in sizes.values())


def test_a_broken_ledger_is_told() -> None:
    sim = start(quiet())
    sim.exchange.ledger.accounts.cash[FIRST] += 1
    with pytest.raises(
        qtg.InvariantError, match="cash is not conserved in environment 0: off by 1"
    ):
        sim.step()
    sim = start(quiet())
    sim.exchange.ledger.positions.qty[FIRST, 0] -= 1
    with pytest.raises(qtg.InvariantError, match="shares are not conserved in market 0"):
        sim.step()
    sim = start(quiet())
    sim.exchange.ledger.accounts.reserved[FIRST] = 10**9
    with pytest.raises(qtg.InvariantError, match="an agent's free cash is negative"):
        sim.step()
