"""Bursts and cancel storms: on a schedule, on thresholds, from outside; and that they pass."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

import qtg
from qtg.config import Background, SettingError
from qtg.kernels.matching import POOL_SLOT
from qtg.schemas import Account, ExecType, MsgType, Reason, Regime
from qtg.simulation import Simulation
from tests.clocks import at
from tests.reference.rules import Message
from tests.simulation.small import SYMBOL, events_of, lively, messages_of, quiet, start
from tests.simulation.watch import Watched

CHANCE = 1e-4
TWO = [{**SYMBOL, "symbol": name} for name in "AB"]
PATIENT = {"lifetime_ticks": {"kind": "constant", "value": 1_000}, "aggressive": 0.0}


def pool(count: int = 2_000, latency: bool = False, **background: Any) -> Simulation:
    changes = {
        "symbols": TWO,
        "latency.enabled": latency,
        "background": {"count": count, "news_activity": 0, "volatility_activity": 0, **background},
    }
    return start(quiet(changes))


def path(sim: Simulation, ticks: int) -> list[Regime]:
    """The regime of each of the next ticks."""
    seen = []
    for _ in range(ticks):
        sim.step()
        seen.append(Regime(sim.background.pool.terms.regime[0]))
    return seen


@pytest.mark.compiled
def test_a_burst_jumps_decays_and_passes() -> None:
    """Half of what it adds is gone every four ticks; below a twentieth it is over."""
    sim = pool(
        20_000, schedule=[{"tick": 3, "regime": "burst"}], burst={"spike": 3, "half_life_ticks": 4}
    )
    for tick in range(1, 40):
        sim.step()
        added = 2 * 0.5 ** ((tick - 3) / 4) if tick >= 3 else 0.0
        if added < 0.05:
            added = 0.0
        regime = Regime(sim.background.pool.terms.regime[0])
        assert regime == (Regime.BURST if added else Regime.NORMAL), tick
        n = sim.counts.orders_background
        share = 0.3 * (1 + added)
        assert stats.binomtest(n, 20_000, share).pvalue > CHANCE / 10, tick


def test_a_burst_asks_no_more_than_everybody() -> None:
    sim = pool(500, schedule=[{"tick": 1, "regime": "burst"}], burst={"spike": 100})
    assert sim.run(1).counts.orders_background == 500


@pytest.mark.parametrize("share", [1.0, 0.3])
def test_a_cancel_storm_cancels_its_share_of_the_pools_orders(share: float) -> None:
    storm = {"share": share, "ticks": 2}
    sim = pool(regime="volatile", cancel_storm=storm, **PATIENT)
    sim.run(4)
    mine = {"side": [1], "agent": [2], "price": [500_000], "qty": [10]}
    sim.submit(mine)
    sim.step()
    before = int(sim.exchange.venue.resting.sum())
    sim.set_regime("cancel_storm")
    sim.step()
    told = events_of(sim)
    gone = [e for e in told if e["exec_type"] == ExecType.CANCELED]
    asked = [e for e in gone if e["reason"] == Reason.REQUESTED]
    assert stats.binomtest(len(asked), before - 1, share).pvalue > CHANCE
    assert {e["agent"] for e in asked} == {Account.POOL}, "nobody else's orders are touched"
    assert sim.exchange.ledger.positions.bid_id[2, 0] > 0
    left = sim.exchange.venue.book_columns.orders.order_id[0]
    assert sim.exchange.ledger.positions.bid_id[2, 0] in left
    assert len({e["order_id"] for e in asked}) == len(asked)


def test_a_cancel_storm_passes_into_the_regime_before() -> None:
    switch = [{"tick": 2, "regime": "calm"}, {"tick": 4, "regime": "cancel_storm"}]
    sim = pool(50, schedule=switch, cancel_storm={"ticks": 3})
    expected = ["normal", "calm", "calm", *["cancel_storm"] * 3, "calm", "calm"]
    assert [each.name.lower() for each in path(sim, 8)] == expected
    terms = sim.background.pool.terms
    assert (terms.activity[0], terms.canceled[0], terms.boost[0]) == (0.1, 0.0, 1.0)


@pytest.mark.compiled
def test_cancels_travel_and_some_come_too_late() -> None:
    """A cancel names its slot; when it arrives, the slot may be another order's already."""
    quick = {"lifetime_ticks": {"kind": "constant", "value": 5}, "aggressive": 0.0}
    sim = pool(3_000, latency=True, cancel_storm={"share": 0.5, "ticks": 50}, **quick)
    sim.run(10)
    sim.set_regime("cancel_storm")
    sent: set[int] = set()
    outcomes = {"done": 0, "late": 0}
    for _ in range(20):
        arriving = sim.exchange.queue
        bucket = (sim.tick + 1) & (len(arriving.n) - 1)
        rows = messages_of(arriving.orders[bucket], int(arriving.n[bucket]))
        sent = {m.order_id for m in rows if m.msg_type == MsgType.CANCEL}
        sim.step()
        for event in events_of(sim):
            if event["reason"] == Reason.REQUESTED:
                assert event["order_id"] in sent, "what is cancelled was named"
                outcomes["done"] += 1
            if event["reason"] == Reason.UNKNOWN_ORDER:
                outcomes["late"] += 1
    assert min(outcomes.values()) > 50, outcomes


def test_only_the_pool_can_name_a_slot() -> None:
    """A message from outside that looks like one of the pool's own cancels finds nothing."""
    venue = qtg.Venue()
    venue.submit({"agent": [3, 0], "side": [1, -1], "price": [100, 200], "qty": [5, 5]})
    for agent, order_id, slot, reason in (
        (0, 2, 2**40, Reason.UNKNOWN_ORDER),
        (3, 1, 1, Reason.REQUESTED),  # the id counts, whatever the slot
        (0, 2, 0, Reason.UNKNOWN_ORDER),
        (0, 2, 10**9, Reason.UNKNOWN_ORDER),
        (4, 2, 1, Reason.UNKNOWN_ORDER),
        (0, 2, 1, Reason.REQUESTED),
        (0, 2, 1, Reason.UNKNOWN_ORDER),
    ):
        cancel = {"msg_type": [1], "agent": [agent], "order_id": [order_id]}
        told = venue.submit(cancel | {"expire_tick": [POOL_SLOT - slot]})
        assert told.reason.tolist() == [reason], (agent, order_id, slot)


@pytest.mark.compiled
def test_a_threshold_of_depth_sets_off_a_storm_and_rests() -> None:
    trigger = {"regime": "cancel_storm", "depth": 700, "rest_ticks": 12}
    storm = {"share": 1.0, "ticks": 1}
    sim = pool(2_000, triggers=[trigger], cancel_storm=storm, **PATIENT)
    fired = []
    for _ in range(60):
        depth = int(sim.exchange.venue.resting.sum()) / 2
        sim.step()
        if sim.background.pool.terms.regime[0] == Regime.CANCEL_STORM:
            assert depth >= 700
            fired.append(sim.tick)
        elif depth >= 700:
            assert fired, "it fires as soon as it may"
            assert sim.tick - fired[-1] < 12
    assert len(fired) >= 3
    assert min(np.diff(fired)) >= 12


def test_a_threshold_of_volatility_sets_off_a_burst() -> None:
    trigger = {"regime": "burst", "volatility": 2.0, "rest_ticks": 50}
    sim = pool(100, triggers=[trigger])
    terms = sim.background.pool.terms
    assert Regime.BURST not in path(sim, 5)
    terms.long_variance[0], terms.short_variance[0] = 1e-8, 3.9e-8
    sim.background.decide(at(sim, 6), sim.economy)
    assert terms.regime[0] == Regime.NORMAL, "not twice as much"
    terms.long_variance[0], terms.short_variance[0] = 1e-8, 4.1e-8
    sim.background.decide(at(sim, 7), sim.economy)
    assert (terms.regime[0], terms.since[0]) == (Regime.BURST, 7)
    terms.long_variance[0], terms.short_variance[0] = 1e-8, 9e-8
    sim.background.decide(at(sim, 8), sim.economy)
    assert terms.since[0] == 7, "it has fired"


def test_no_threshold_counts_in_the_warm_up() -> None:
    trigger = {"regime": "crisis", "depth": 1, "rest_ticks": 5}
    changes = {"background": {"count": 500, "triggers": [trigger]}, "warmup.ticks": 9}
    sim = start(quiet(changes))
    assert path(sim, 12) == [Regime.NORMAL] * 9 + [Regime.CRISIS] * 3


def test_what_is_set_from_outside_begins_an_episode_again_or_ends_it() -> None:
    sim = pool(100, burst={"spike": 2, "half_life_ticks": 3}).run(2)
    terms = sim.background.pool.terms
    sim.set_regime("burst")
    assert path(sim, 4) == [Regime.BURST] * 4
    assert terms.boost[0] == 1.5
    sim.set_regime("burst")
    sim.step()
    assert (terms.boost[0], terms.since[0], terms.base[0]) == (2.0, 7, Regime.NORMAL)
    sim.set_regime("calm")
    assert path(sim, 2) == [Regime.CALM] * 2
    assert (terms.boost[0], terms.activity[0]) == (1.0, 0.1)


@pytest.mark.compiled
def test_the_ledger_follows_storms_and_bursts() -> None:
    flow = {
        "background.schedule": [
            {"tick": 8, "regime": "burst"},
            {"tick": 20, "regime": "cancel_storm"},
            {"tick": 30, "regime": "crisis"},
        ],
        "background.cancel_storm": {"share": 0.4, "ticks": 6},
    }
    watched = Watched(start(lively(flow)))
    for _ in range(35):
        watched.step()
    assert watched.counts["REQUESTED"] > 100


@pytest.mark.compiled
def test_an_environment_storms_alone_as_in_a_batch() -> None:
    changes = {
        "background.triggers": [
            {"regime": "cancel_storm", "depth": 60, "rest_ticks": 9},
            {"regime": "burst", "volatility": 0.5, "rest_ticks": 7},
        ],
        "background.chain": [{"source": "normal", "target": "cancel_storm", "chance": 0.05}],
    }
    config = lively(changes)
    batch, alone = Simulation(config, envs=[4, 7]), Simulation(config, envs=[7])
    paths: list[list[int]] = [[], [], []]
    for _ in range(60):
        batch.step()
        alone.step()
        regimes = [*batch.background.pool.terms.regime, alone.background.pool.terms.regime[0]]
        for each, regime in zip(paths, regimes, strict=True):
            each.append(int(regime))
    assert {Regime.CANCEL_STORM, Regime.BURST} <= set(paths[2])
    assert paths[1] == paths[2]
    assert batch.trace_hashes[1] == alone.trace_hash


def test_a_pool_without_orders_has_nothing_to_cancel() -> None:
    sim = pool(0, schedule=[{"tick": 1, "regime": "cancel_storm"}])
    sim.submit({"side": [1], "agent": [2], "price": [900_000], "qty": [1]})
    assert sim.run(3).exchange.venue.resting.sum() == 1


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"regime": "burst"}, "regime: burst passes; give what it passes into"),
        (
            {"chain": [{"source": "cancel_storm", "target": "calm", "chance": 0.1}]},
            r"chain\.0\.source: cancel_storm ends by itself",
        ),
        (
            {"triggers": [{"regime": "burst"}]},
            r"triggers\.0\.volatility: give one threshold: `volatility` or `depth`",
        ),
        ({"triggers": [{"regime": "calm", "volatility": 2, "depth": 5}]}, "give one threshold"),
        ({"burst": {"spike": 0.5}}, r"burst\.spike"),
        ({"cancel_storm": {"share": 1.5}}, r"cancel_storm\.share"),
    ],
)
def test_episodes_that_cannot_be_are_refused(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingError, match=sentence):
        Background(**settings)


def test_messages_are_cancels_of_the_pool() -> None:
    sim = pool(regime="volatile", cancel_storm={"share": 1.0}, **PATIENT).run(3)
    sim.background.decide(at(sim, 4), sim.economy, told=int(Regime.CANCEL_STORM))
    arriving = sim.exchange.due()
    cancels = [m for m in messages_of(arriving.orders, arriving.n) if m.msg_type]
    resting = sim.exchange.venue.book_columns.orders
    assert {m.order_id for m in cancels} == set(resting.order_id[resting.order_id > 0].tolist())
    assert {(m.msg_type, m.agent, m.price, m.qty) for m in cancels} == {
        (MsgType.CANCEL, Account.POOL, 0, 0)
    }
    assert all(isinstance(m, Message) for m in cancels)
