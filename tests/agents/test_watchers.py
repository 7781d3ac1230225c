"""Tier 2 in blocks: the same agents wake as when every row is looked at, one by one."""

from typing import Any

import numpy as np
import pytest

import qtg
from qtg.schemas import ExecType, Side, Wake
from qtg.simulation import Simulation
from tests.simulation.small import PRICE, SYMBOL, quiet
from tests.sizes import sized

from .market import Outgoing, market, population, send, set_last

KINDS = ("threshold_buyer", "threshold_seller", "momentum_follower", "news_reactor")
FIRST = 6


def crowd(**changes: Any) -> qtg.Config:
    """A lively market with a few hundred sleepers of every kind, three symbols each."""
    groups = [
        {
            "kind": kind,
            "count": 150,
            "cash": 100_000,
            "shares": 200,
            "watches": 3,
            "every": 2 if kind == "momentum_follower" else 1,
            "probability": 0.7 if kind == "news_reactor" else 1.0,
            "params": {"threshold": 0.0005, "interval": 15, "size": 20}
            | ({"take_profit": 0.0005} if kind.startswith("threshold") else {}),
        }
        for kind in KINDS
    ]
    config = qtg.Config.preset("standard", changes, seed=5)
    return config.with_(
        {"background.count": 4_000, "warmup.ticks": 0, "news.company.frequency": 0.05},
        reactive=groups,
    )


def slow_reason(row: dict[str, Any], last: int, news: float, tick: int) -> Wake:
    """Why a sleeper wakes, by its own conditions: prices first, then fills, time, news."""
    if row["below"] and last <= row["below"]:
        return Wake.PRICE_BELOW
    if row["above"] and last >= row["above"]:
        return Wake.PRICE_ABOVE
    if row["filled"]:
        return Wake.FILL
    if row["wake_tick"] and row["wake_tick"] <= tick:
        return Wake.INTERVAL
    return Wake.NEWS if news and abs(news) >= row["news"] else Wake.ASLEEP


@pytest.mark.compiled
def test_blocks_wake_whom_a_look_at_every_row_wakes() -> None:
    sim = Simulation(crowd())
    watchers = sim.reactive.watchers
    rows, names = watchers.rows, ("below", "above", "filled", "wake_tick", "news")
    seen: set[Wake] = set()
    original = watchers.wake

    def checked(exchange: Any) -> int:
        tick = int(exchange.moment.tick[0])
        columns = {name: getattr(rows, name).tolist() for name in names}
        view = exchange.view
        market = (rows.env * len(sim.symbols) + rows.symbol).tolist()
        expected = [
            slow_reason(
                {name: column[i] for name, column in columns.items()},
                int(view.last[m]),
                float(view.news[m]),
                tick,
            )
            for i, m in enumerate(market)
        ]
        woken = original(exchange)
        found = rows.woken.tolist()
        assert woken == sum(reason != Wake.ASLEEP for reason in found)
        turns = rows.probability < 1.0
        for i, (reason, wanted) in enumerate(zip(found, expected, strict=True)):
            skips = turns[i] or (tick + rows.agent[i]) % rows.every[i]
            assert reason == wanted or (skips and reason == Wake.ASLEEP), (tick, i)
        seen.update(Wake(reason) for reason in found)
        return woken

    watchers.wake = checked  # type: ignore[method-assign]
    sim.run(sized(400, 120))
    assert seen == set(Wake), "every reason occurred"


def test_an_agent_watches_different_symbols_and_wakes_once_for_each() -> None:
    sim = Simulation(crowd())
    rows = sim.reactive.watchers.rows
    pairs = set(zip(rows.agent.tolist(), rows.symbol.tolist(), strict=True))
    assert len(pairs) == len(rows.agent) == 3 * 4 * 150
    assert set(np.bincount(rows.agent)[np.unique(rows.agent)]) == {3}
    assert set(rows.symbol) == set(range(10))


def test_two_triggered_symbols_wake_an_agent_twice() -> None:
    two = [{**SYMBOL, "symbol": name, "shares_outstanding": 10**7} for name in ("A", "B")]
    params = {"threshold": 0.01, "interval": 1, "size": 10}
    buyer = population("threshold_buyer", watches=2, params=params)
    seen = market(buyer, symbols=two)
    seen.sim.reactive.watchers.rows.wake_tick[:] = 1
    seen.step()
    set_last(seen.sim, 980_000, 0)
    set_last(seen.sim, 970_000, 1)
    sent = seen.step()
    assert [(m.agent, m.market, m.side) for m in sent] == [(FIRST, m, Side.BUY) for m in (0, 1)]


def taking_profit(kind: str) -> Outgoing:
    params = {"threshold": 0.01, "interval": 50, "size": 10, "take_profit": 0.02, "lifetime": 4}
    seen = market(population(kind, params=params))
    seen.sim.reactive.watchers.rows.wake_tick[:] = 1
    seen.step()
    return seen


@pytest.mark.parametrize("kind", ["threshold_buyer", "threshold_seller"])
def test_a_filled_order_wakes_its_agent_who_then_waits_for_its_profit(kind: str) -> None:
    side = Side.BUY if kind == "threshold_buyer" else Side.SELL
    seen = taking_profit(kind)
    rows = seen.sim.reactive.watchers.rows
    entry = PRICE - side * 10_000
    set_last(seen.sim, entry)
    send(seen.sim, side=-side, price=entry, qty=10)
    order, _ = seen.step()
    assert (order.side, order.qty) == (side, 10)
    assert rows.on_fill[0] == 1
    while not rows.filled[0]:
        assert seen.step() == []
    set_last(seen.sim, entry)
    assert seen.step() == []
    assert rows.woken[0] == Wake.FILL
    goal = rows.above[0] if side > 0 else rows.below[0]
    assert goal == entry + side * int(entry * 0.02)
    set_last(seen.sim, goal - side)
    assert seen.step() == [], "a unit short of it"
    set_last(seen.sim, goal)
    (back,) = seen.step()
    assert (back.side, back.qty) == (-side, 10)
    assert rows.on_fill[0] == 0, "the trade is closed"


def test_an_order_without_a_fill_wakes_nobody() -> None:
    seen = taking_profit("threshold_buyer")
    rows = seen.sim.reactive.watchers.rows
    set_last(seen.sim, PRICE - 10_000)
    assert len(seen.step()) == 1
    for _ in range(20):
        seen.step()
        assert (rows.filled[0], rows.woken[0]) == (0, Wake.ASLEEP)


@pytest.mark.compiled
def test_fills_are_noted_for_the_agent_and_symbol_that_traded() -> None:
    config = crowd()
    sim = Simulation(config)
    watchers = sim.reactive.watchers
    rows, noted = watchers.rows, 0
    for _ in range(sized(200, 100)):
        before = rows.on_fill.copy()
        sim.step()
        exchange, events = sim.exchange, sim.exchange.events
        traded: set[tuple[int, int]] = set()
        for k in range(exchange.first_match, exchange.n_events):
            if events.exec_type[k] == ExecType.TRADE:
                symbol = int(events.market[k])
                traded |= {(int(events.agent[k]), symbol), (int(events.contra_agent[k]), symbol)}
        for i in np.flatnonzero(before & rows.on_fill & (rows.woken == Wake.ASLEEP)):
            key = (int(rows.agent[i]), int(rows.symbol[i]))
            assert bool(rows.filled[i]) == (key in traded)
            noted += bool(rows.filled[i])
    assert noted > 20


def test_watching_more_symbols_than_there_are_is_refused() -> None:
    with pytest.raises(qtg.ConfigError, match="reactive.0.watches: is 2 but there are 1 symbols"):
        quiet({"reactive": [population("threshold_buyer", watches=2)]})


def test_tier_1_does_not_watch() -> None:
    config = crowd().with_(smart=[population("noise_trader", watches=2)])
    with pytest.raises(qtg.ConfigError, match="noise_trader sees all its symbols; `watches`"):
        Simulation(config)
