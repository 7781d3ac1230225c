"""Tier 2: who wakes and why, what they do, and when their next condition counts."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from qtg.schemas import ReactiveRows, Side, TimeInForce, Wake
from tests.simulation.small import PRICE, STEP

from .market import CHANCE, Outgoing, market, population, send, set_last

PARAMS = {"threshold": 0.01, "interval": 5, "size": 10, "lifetime": 4}
FIRST = 6  # agent row of the first reactive agent


def sleeping(kind: str, count: int = 1, **changes: Any) -> Outgoing:
    """Agents of a kind that all look at the market in tick 1."""
    latency = changes.pop("latency", 0)
    group = population(kind, count, latency=latency, params=PARAMS)
    seen = market(group, **changes)
    seen.sim.reactive.watchers.rows.wake_tick[:] = 1
    return seen


def rows_of(seen: Outgoing) -> ReactiveRows:
    return seen.sim.reactive.watchers.rows


def test_a_buyer_watches_for_a_fall_and_then_rests() -> None:
    seen = sleeping("threshold_buyer")
    rows = rows_of(seen)
    assert seen.step() == []
    assert (rows.woken[0], rows.below[0], rows.above[0]) == (Wake.INTERVAL, 990_000, 0)
    assert rows.wake_tick[0] == 0
    set_last(seen.sim, 990_100)
    assert seen.step() == []
    assert rows.woken[0] == Wake.ASLEEP
    set_last(seen.sim, 990_000)
    (order,) = seen.step()
    assert rows.woken[0] == Wake.PRICE_BELOW
    assert (order.agent, order.side, order.qty) == (FIRST, Side.BUY, 10)
    assert (order.price, order.tif, order.expire_tick) == (990_000, TimeInForce.GTT, 3 + 4)
    assert (rows.below[0], rows.wake_tick[0]) == (0, 3 + 5)
    assert [seen.step() for _ in range(4)] == [[]] * 4
    seen.step()
    assert (seen.sim.tick, rows.woken[0], rows.below[0]) == (8, Wake.INTERVAL, 980_100)


def test_a_seller_watches_for_a_rise() -> None:
    seen = sleeping("threshold_seller")
    rows = rows_of(seen)
    seen.step()
    assert (rows.below[0], rows.above[0], rows.wake_tick[0]) == (0, 1_010_000, 0)
    set_last(seen.sim, 1_009_900)
    assert seen.step() == []
    set_last(seen.sim, 1_010_000)
    (order,) = seen.step()
    assert rows.woken[0] == Wake.PRICE_ABOVE
    assert (order.side, order.price, order.qty) == (Side.SELL, 1_010_000, 10)
    assert (rows.above[0], rows.wake_tick[0]) == (0, 8)


@pytest.mark.parametrize(
    ("move", "side"), [(0.011, Side.BUY), (-0.011, Side.SELL), (0.01, None), (-0.01, None)]
)
def test_a_momentum_follower_goes_with_the_move(move: float, side: Side | None) -> None:
    seen = sleeping("momentum_follower")
    rows = rows_of(seen)
    assert seen.step() == [], "nothing has moved yet"
    assert (rows.woken[0], rows.wake_tick[0], rows.reference[0]) == (Wake.INTERVAL, 6, PRICE)
    moved = round(PRICE * (1 + move))
    set_last(seen.sim, moved)
    assert [seen.step() for _ in range(4)] == [[]] * 4
    sent = seen.step()
    assert [(m.side, m.price, m.qty) for m in sent] == ([(side, moved, 10)] if side else [])
    assert (rows.reference[0], rows.wake_tick[0]) == (moved, 11)
    assert (rows.below[0], rows.above[0]) == (0, 0)


def test_conditions_count_only_after_the_tick() -> None:
    seen = sleeping("threshold_buyer", count=3)
    sim, rows = seen.sim, rows_of(seen)
    seen.sim.exchange.begin(1)
    sim.reactive.watchers.refresh()
    assert sim.reactive.watchers.wake(sim.exchange) == 3
    sim.reactive.watchers.decide(sim.exchange)
    assert rows.below.tolist() == [0] * 3
    assert rows.wake_tick.tolist() == [1] * 3
    assert rows.next_below.tolist() == [990_000] * 3
    sim.reactive.watchers.apply_updates(sim.exchange)
    assert rows.below.tolist() == [990_000] * 3
    assert rows.wake_tick.tolist() == [0] * 3


def test_the_rest_after_acting_counts_only_after_the_tick() -> None:
    buyer, follower = (
        population(kind, params=PARAMS) for kind in ("threshold_buyer", "momentum_follower")
    )
    seen = market(buyer, follower)
    sim, rows = seen.sim, rows_of(seen)
    rows.below[:] = [PRICE, 0]
    rows.wake_tick[:] = [0, 1]
    sim.exchange.begin(1)
    sim.reactive.watchers.refresh()
    sim.reactive.watchers.wake(sim.exchange)
    sim.reactive.watchers.decide(sim.exchange)
    assert (rows.below.tolist(), rows.wake_tick.tolist()) == ([PRICE, 0], [0, 1])
    sim.reactive.watchers.apply_updates(sim.exchange)
    assert (rows.below.tolist(), rows.wake_tick.tolist()) == ([0, 0], [6, 6])


def test_a_sleeper_keeps_its_condition() -> None:
    seen = sleeping("threshold_buyer", count=2)
    rows = rows_of(seen)
    rows.wake_tick[1] = 40
    rows.next_below[1] = 7
    seen.step()
    assert (rows.below.tolist(), rows.wake_tick.tolist()) == ([990_000, 0], [0, 40])


def test_a_price_goes_before_the_interval_as_a_reason_to_wake() -> None:
    seen = sleeping("threshold_buyer", count=4)
    rows = rows_of(seen)
    rows.below[:] = [PRICE, PRICE - 1, 0, 0]
    rows.above[:] = [PRICE, PRICE, PRICE + 1, PRICE]
    seen.sim.exchange.begin(1)
    seen.sim.reactive.watchers.refresh()
    assert seen.sim.reactive.watchers.wake(seen.sim.exchange) == 4
    assert rows.woken.tolist() == [
        Wake.PRICE_BELOW,
        Wake.PRICE_ABOVE,
        Wake.INTERVAL,
        Wake.PRICE_ABOVE,
    ]


@pytest.mark.parametrize("kind", ["threshold_buyer", "threshold_seller"])
def test_orders_go_to_the_best_opposite_price(kind: str) -> None:
    seen = sleeping(kind)
    side = Side.SELL if kind == "threshold_buyer" else Side.BUY
    best = PRICE + 3 * STEP if side == Side.SELL else PRICE - 3 * STEP
    send(seen.sim, side=side, price=best, qty=4)
    seen.step()
    condition = "below" if kind == "threshold_buyer" else "above"
    getattr(rows_of(seen), condition)[0] = PRICE
    (order,) = seen.step()
    assert (order.price, order.side) == (best, -side)
    assert seen.sim.counts.trades == 1
    assert seen.sim.book("A").best(-side) == best, "what is left of it rests"


def test_orders_are_cut_to_what_cash_and_shares_allow() -> None:
    buyer = population("threshold_buyer", cash=750, params=PARAMS)
    seller = population("threshold_seller", shares=3, params=PARAMS)
    broke = population("threshold_buyer", cash=99, params=PARAMS)
    bare = population("threshold_seller", shares=0, params=PARAMS)
    seen = market(buyer, seller, broke, bare)
    rows = rows_of(seen)
    rows.wake_tick[:] = 0
    rows.below[:], rows.above[:] = [PRICE, 0] * 2, [0, PRICE] * 2
    assert [(m.agent, m.side, m.qty) for m in seen.step()] == [
        (FIRST, Side.BUY, 7),
        (FIRST + 1, Side.SELL, 3),
    ]
    assert seen.sim.counts.woken == 4


def test_quantities_are_lots_and_prices_on_the_grid() -> None:
    coarse = {"symbol": "A", "initial_price": "100.00", "tick_size": "0.05", "lot_size": 4}
    seen = sleeping("threshold_buyer", symbols=[coarse])
    rows_of(seen).below[0] = PRICE
    set_last(seen.sim, 999_700)
    (order,) = seen.step()
    assert (order.qty, order.price) == (8, 999_500)


def test_an_order_lives_from_its_arrival() -> None:
    seen = sleeping("threshold_buyer", latency=3, latency__enabled=True)
    rows_of(seen).below[0] = PRICE
    (order,) = seen.step()
    assert (order.latency_ticks, order.expire_tick) == (3, 1 + 3 + 4)


def test_first_looks_are_spread_over_an_interval() -> None:
    group = population("momentum_follower", 2_000, params=PARAMS | {"interval": 50}, shares=0)
    seen = market(group)
    first = rows_of(seen).wake_tick
    counts = np.bincount(first, minlength=51)[1:]
    assert counts.sum() == 2_000
    assert stats.chisquare(counts).pvalue > CHANCE


def test_agents_are_spread_over_the_symbols() -> None:
    names = [{"symbol": name, "initial_price": "10.00"} for name in "ABCD"]
    group = population("threshold_buyer", 2_000, params=PARAMS, shares=0)
    counts = np.bincount(rows_of(market(group, symbols=names)).symbol)
    assert stats.chisquare(counts).pvalue > CHANCE


def test_each_agent_watches_its_own_symbol() -> None:
    names = [{"symbol": name, "initial_price": "100.00"} for name in "AB"]
    seen = market(population("threshold_buyer", 40, params=PARAMS), symbols=names)
    rows = rows_of(seen)
    rows.wake_tick[:] = 1
    seen.step()
    set_last(seen.sim, 980_000, symbol=1)
    sent = seen.step()
    watching = set((rows.agent[rows.symbol == 1]).tolist())
    assert {m.agent for m in sent} == watching
    assert {m.market for m in sent} == {1}
    assert 5 < len(watching) < 35
