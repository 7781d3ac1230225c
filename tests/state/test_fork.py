"""Forks: the same run with one thing changed, and the original goes on as if nothing had been."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qtg
from qtg.invariants import check_invariants
from qtg.schemas import ExecType, MsgType, Regime
from qtg.simulation import Simulation

from .graph import differences
from .markets import MARKETS, own

pytestmark = pytest.mark.compiled


@pytest.mark.parametrize("name", MARKETS)
def test_a_fork_without_changes_is_the_same_run(name: str) -> None:
    sim = Simulation(MARKETS[name](), envs=(0, 3)).run(25)
    child = sim.fork()
    assert differences(sim, child) == []
    straight = Simulation(sim.config, envs=(0, 3)).run(45)
    assert child.run(20).trace_hashes == straight.trace_hashes
    assert differences(child, straight) == []
    assert sim.tick == 25
    assert sim.run(20).trace_hashes == straight.trace_hashes  # the fork left it alone


def test_a_fork_takes_a_regime_at_once() -> None:
    sim = Simulation(MARKETS["lively"]()).run(20)
    child = sim.fork(changes={"background.regime": "crisis"})
    terms, told = child.background.pool.terms, sim.fork()
    assert terms.regime[0] == Regime.CRISIS
    assert terms.activity[0] == sim.config.background.traits_in(Regime.CRISIS)[0]
    told.set_regime("crisis")
    child.step()
    told.step()
    assert child.trace_hash == told.trace_hash  # as if it had been set from outside
    assert child.counts.orders_background > sim.step().counts.orders_background


def test_a_fork_takes_what_a_regime_means() -> None:
    sim = Simulation(MARKETS["lively"]()).run(20)
    child = sim.fork(changes={"background.activity": 0.05})
    assert child.background.pool.terms.activity[0] == 0.05
    assert child.background.pool.terms.regime[0] == sim.background.pool.terms.regime[0]


def test_a_run_in_another_regime_keeps_it_where_a_fork_changes_something_else() -> None:
    sim = Simulation(MARKETS["lively"]()).run(10)
    sim.set_regime("crisis")
    sim.run(5)
    child = sim.fork(changes={"venue.taker_fee_bps": 3})
    assert child.background.pool.terms.regime[0] == Regime.CRISIS
    assert child.background.pool.terms.activity[0] == sim.background.pool.terms.activity[0]
    assert child.exchange.terms.taker_ppm != sim.exchange.terms.taker_ppm


def test_one_order_more() -> None:
    sim = Simulation(MARKETS["price_time"]()).run(30)
    order = {"agent": [3], "market": [0], "side": [1], "qty": [50], "price": [1_900_000]}
    child = sim.fork(orders=order)
    child.step()
    sim.step()
    n = child.exchange.n_events
    assert 3 in child.exchange.events.agent[:n]
    assert child.counts.orders == sim.counts.orders + 1
    # All else is as drawn: the same background orders, the same fair values.
    assert child.counts.orders_background == sim.counts.orders_background
    assert np.array_equal(child.exchange.view.fair_value, sim.exchange.view.fair_value)


def live_ids(sim: Simulation, agents: Any) -> np.ndarray:
    orders = sim.exchange.venue.book_columns.orders
    return orders.order_id[(orders.order_id != 0) & np.isin(orders.agent, agents)]


def waiting_of(sim: Simulation, agents: Any) -> int:
    queue = sim.exchange.queue
    of = (queue.orders[b].agent[:n] for b, n in enumerate(queue.n))
    return sum(int(np.isin(each, agents).sum()) for each in of)


@pytest.mark.parametrize("name", ["own", "strict", "narrow", "auction", "opening"])
def test_one_agent_less(name: str) -> None:
    sim = Simulation(MARKETS[name](), envs=(0, 2)).run(9 if name == "opening" else 33)
    busy = np.arange(2, sim.exchange.n_agents)
    agents = [int(agent) for agent in busy if len(live_ids(sim, agent))][:4]
    agents += [int(agent) for agent in busy if waiting_of(sim, agent)][-4:]
    assert agents
    child = sim.fork(without_agents=agents)
    check_invariants(child.exchange)
    assert len(live_ids(child, agents)) == 0
    assert waiting_of(child, agents) == 0
    rows = [env * child.exchange.n_agents + a for env in (0, 1) for a in agents]
    ledger = child.exchange.ledger
    assert not ledger.accounts.reserved[rows].any()
    assert not ledger.positions.reserved[rows].any()
    cash = ledger.accounts.cash[rows].copy()
    bought_in = 0
    for _ in range(25):
        child.step()  # checks every invariant
        events, n = child.exchange.events, child.exchange.n_events
        new = (events.exec_type[:n] == ExecType.NEW) & np.isin(events.agent[:n], agents)
        bought_in += int(new.sum())
        assert len(live_ids(child, agents)) == 0
    if name != "strict":  # where shorts may be bought in, in their owner's name
        assert bought_in == 0
        assert np.array_equal(ledger.accounts.cash[rows], cash)
    later = child.fork()
    assert later.exchange.silent.sum() == len(set(agents))
    assert later.run(5).trace_hashes == child.run(5).trace_hashes


def test_an_agent_that_is_out_cannot_be_used_from_outside() -> None:
    child = Simulation(MARKETS["lively"]()).run(5).fork(without_agents=[4])
    with pytest.raises(qtg.OrderError, match="agent 4 was taken out"):
        child.submit({"agent": [4], "qty": [1], "price": [100]})


def test_one_order_less() -> None:
    sim = Simulation(MARKETS["own"]()).run(33)
    resting = int(live_ids(sim, np.arange(2, 99))[0])
    queue = sim.exchange.queue
    waiting = next(
        int(row.order_id)
        for b, n in enumerate(queue.n)
        for row in queue.orders[b, :n]
        if row.agent >= 2 and row.msg_type == MsgType.NEW
    )
    child = sim.fork(without_orders=[resting, waiting])
    check_invariants(child.exchange)
    child.run(20)
    assert resting not in live_ids(child, np.arange(99))
    assert child.trace_hash != sim.run(20).trace_hash
    with pytest.raises(qtg.ConfigError, match="order 99999999 of an agent neither rests"):
        sim.fork(without_orders=[99_999_999])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"seed": 3}, "cannot change seed"),
        ({"smart.0.count": 9}, "cannot change smart.0.count"),
        ({"symbols.0.tick_size": "0.05"}, "cannot change symbols.0.tick_size"),
        ({"warmup.ticks": 3}, "cannot change warmup.ticks"),
        ({"background.metaorders.count": 5}, "cannot change background.metaorders.count"),
        ({"bar_ticks": 2}, "cannot change bar_ticks"),
        ({"halts.band_bps": 50}, "halts.band_bps"),
        ({"limits.position": 50}, "another shape"),
        ({"latency.max_ticks": 64, "latency.default_ticks": 50}, "another shape"),
        ({"smart.3.params.window": 9}, "another shape"),
        ({"background.mood": 5}, "no such setting"),
    ],
)
def test_changes_that_a_run_cannot_go_on_with(changes: dict[str, Any], says: str) -> None:
    sim = Simulation(MARKETS["lively"]()).run(3)
    with pytest.raises(qtg.ConfigError, match=says):
        sim.fork(changes=changes)


@pytest.mark.parametrize("agent", [0, 1, -1, 10_000])
def test_agents_that_cannot_be_taken_out(agent: int) -> None:
    with pytest.raises(qtg.ConfigError, match=f"there is no agent {agent}"):
        Simulation(MARKETS["lively"]()).fork(without_agents=[agent])


@pytest.mark.parametrize("on_disk", [False, True])
def test_a_fork_at_an_earlier_tick(on_disk: bool, tmp_path: Path) -> None:
    """Inputs since the snapshot are given again, also those of hooks."""

    def run(ticks: int) -> Simulation:
        sim = Simulation(own(), envs=(0, 1))
        sim.keep_snapshots(every=8, last=3, folder=tmp_path if on_disk else None)
        sim.add_hook(
            lambda sim: sim.submit(
                {"agent": [5], "market": [0], "side": [1], "qty": [3], "price": [1_900_000]}
            )
        )
        for _ in range(ticks):
            if sim.tick == 27:
                sim.set_regime("crisis")
            sim.step()
        return sim

    sim = run(37)
    for tick in (16, 17, 28, 31, 32, 36, 37):
        child, straight = sim.fork(tick), run(tick)
        assert child.tick == tick
        assert child.trace_hashes == straight.trace_hashes
        for same in (child, straight):
            same.inputs._waiting.clear()  # for the next tick, which is not there yet
            same._history = None
        straight.inputs.sequence = child.inputs.sequence
        assert differences(child, straight) == []
    assert sim.fork(20, {"background.regime": "calm"}).run(3).tick == 23
    for tick in (15, 38, -1):
        with pytest.raises(qtg.SnapshotError, match=rf"tick {tick} is not there; ticks 16 to 37"):
            sim.fork(tick)
    if on_disk:
        kept = sorted(each.name for each in tmp_path.iterdir())
        assert kept == ["tick-000000016.snap", "tick-000000024.snap", "tick-000000032.snap"]


def test_snapshots_can_be_kept_otherwise_later_on() -> None:
    sim = Simulation(MARKETS["lively"]())
    sim.keep_snapshots(every=2, last=2)
    sim.run(10).keep_snapshots(every=5, last=9)
    assert len(sim.hooks) == len(sim.inputs.taps) == 1
    assert sim.run(10).fork(12).trace_hash == Simulation(sim.config).run(12).trace_hash
    for name in ("every", "last"):
        with pytest.raises(qtg.ConfigError, match=f"`{name}` must be at least 1"):
            sim.keep_snapshots(**{"every": 1, "last": 1, name: 0})


def test_an_earlier_tick_without_snapshots() -> None:
    with pytest.raises(qtg.SnapshotError, match="keep_snapshots"):
        Simulation(MARKETS["lively"]()).run(3).fork(2)
