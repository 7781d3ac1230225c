"""Environments with clocks of their own: one is copied in beside others that are at other ticks."""

import re
from typing import Any

import numpy as np
import pytest

import qtg
from qtg.schemas import LADDERS
from qtg.simulation import Simulation
from qtg.state import capture, copy_environment, copy_environments
from tests.reference.columns import as_columns
from tests.reference.rules import Message
from tests.state.graph import differences
from tests.state.markets import MARKETS, MOVING, STRICT
from tests.state.strategies import POPULATIONS

from .small import FIRST, IDLE, PRICE, SLEEPERS, lively, plain, quiet


@qtg.strategy("clocks_function", state={"waited": 0.0})
def trade_now_and_then(ctx: qtg.StrategyContext) -> Any:
    """Counts its own ticks, and draws by them."""
    ctx.state["waited"] += 1
    rows = np.flatnonzero((ctx.state["waited"][:, 0] % 5 == 0) & (ctx.uniform(1) < 0.8))
    return ctx.orders(rows, 0 * rows, side=1, qty=3, price=ctx.mid[0], lifetime=ctx.tick % 7 + 1)


COLUMNS = {"kind": "clocks_function", "count": 3, "cash": 500_000, "every": 2}
(COMPILED,) = (each for each in POPULATIONS if each["kind"] == "snap_compiled")
AGENTS = 3  # the environment id whose agents all have
SEED = 7


def everything(matching: str = "shuffled") -> qtg.Config:
    """News, latency, lifetimes, halts, borrowing, limits, regimes by chain, schedule and trigger,
    bars of several ticks, and every kind that has columns."""
    late = {"kind": "vwap_executor", "count": 3, "shares": 500, "cash": 900_000}
    smart = [
        *plain(lively().smart),
        *STRICT["smart"],
        COMPILED,
        COLUMNS,
        {"kind": "cancel_bot", "count": 6, "cash": 200_000, "shares": 300, "probability": 0.5},
        {**late, "params": {"size": 150, "start": {"kind": "uniform", "low": 20, "high": 50}}},
    ]
    symbols = [{**each, "shares_outstanding": 75_000} for each in STRICT["symbols"]]
    episodes = {
        "symbols": symbols,
        "background.schedule": [{"tick": 22, "regime": "calm"}, {"tick": 49, "regime": "burst"}],
        "background.triggers": [{"regime": "cancel_storm", "depth": 1, "rest_ticks": 13}],
        "background.cancel_storm": {"share": 0.3, "ticks": 4},
        "venue.matching": matching,
        "smart": smart,
    }
    return lively({**STRICT, **MOVING, **episodes, "background.regime": "normal"})


MATCHINGS = ("shuffled", "auction", "price_time")


def batch_of(config: qtg.Config, envs: int = 3) -> Simulation:
    return Simulation(config, envs=range(10, 10 + envs), population=AGENTS)


def alone(config: qtg.Config) -> Simulation:
    return Simulation(config, envs=[AGENTS])


@pytest.mark.compiled
@pytest.mark.parametrize("matching", MATCHINGS)
def test_a_copied_environment_goes_on_as_where_it_comes_from(matching: str) -> None:
    """To the bit, tick by tick, beside others at other ticks that go on as without it."""
    config = everything(matching)
    source = alone(config).run(37)
    batch, undisturbed = batch_of(config).run(21), batch_of(config).run(21)
    copy_environment(source, 0, batch, 1, SEED)
    assert batch.exchange.moment.tick.tolist() == [21, 37, 21]
    assert batch.trace_hashes[1] == source.trace_hash
    for tick in range(30):
        for sim in (source, batch, undisturbed):
            sim.step()
        assert batch.trace_hashes[1] == source.trace_hash, tick
        assert batch.trace_hashes[::2] == undisturbed.trace_hashes[::2], tick
    assert batch.exchange.moment.tick.tolist() == [51, 67, 51]


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["narrow", "opening", "sleepers", "strict", "quick_test"])
def test_whatever_the_market_it_goes_on(name: str) -> None:
    """Orders outside the window and ids outside the directory, an opening auction, no tier 1."""
    config = MARKETS[name]()
    source = alone(config).run(65 if name == "quick_test" else 40)
    batch, undisturbed = batch_of(config).run(70), batch_of(config).run(70)
    copy_environments(source, [0, 0], batch, [2, 0], [config.seed] * 2)
    for sim in (source, batch, undisturbed):
        sim.run(25)
    assert batch.trace_hashes[::2] == [source.trace_hash] * 2
    assert batch.trace_hashes[1] == undisturbed.trace_hashes[1]


@pytest.mark.compiled
def test_nothing_is_left_of_what_was_there_before() -> None:
    """A walk over both simulations, which knows nothing of how environments are copied."""
    config = everything()
    source = alone(config).run(40)
    target = Simulation(config, envs=[5], population=AGENTS).run(40)
    assert len(differences(source, target)) > 100
    copy_environment(source, 0, target, 0, SEED)
    aside = (
        r"population|counts\..*|exchange\.venue\.envs|exchange\.populations|publisher\.trades"
        r"|economy\._told|economy\.news\..*|checker\._before"  # tables, and counts of the run
        r"|exchange\.venue\.book_columns\.(orders|levels)\..*|.*\._woken"  # compared below
        r"|exchange\.venue\.book_columns\.(directory|overflow).*"  # other places, same orders
    )
    left = [each for each in differences(source, target) if not re.match(aside, each)]
    assert left == []
    theirs, mine = (sim.exchange.venue.book_columns for sim in (source, target))
    live = theirs.orders.order_id != 0
    assert live.any()
    assert np.array_equal(live, mine.orders.order_id != 0)
    for name in set(mine.orders.dtype.names or ()) - {"displaced"}:
        assert np.array_equal(mine.orders[name][live], theirs.orders[name][live]), name
    for market, slot in np.argwhere(live):
        order = theirs.orders[market, slot]
        level = market * LADDERS + order.ladder, order.key & (mine.levels.shape[1] - 1)
        assert mine.levels[level] == theirs.levels[level]
    woken = [sim.reactive.watchers for sim in (source, target)]
    assert np.array_equal(*(each._woken[: each._n_woken] for each in woken))


@pytest.mark.compiled
@pytest.mark.parametrize("matching", MATCHINGS[:2])
def test_a_batch_with_resets_is_so_many_lone_markets(matching: str) -> None:
    """Four environments begin again at ticks of their own, each time with another seed."""
    config = everything(matching)
    source, n = alone(config).run(30), 4
    batch = batch_of(config, n)
    copy_environments(source, [0] * n, batch, range(n), np.arange(n, dtype=np.uint64))
    begun: list[tuple[int, int]] = [(0, seed) for seed in range(n)]  # step and seed of each
    ended = []
    resets = {5: [2], 9: [0, 3], 10: [1], 16: [3, 2], 17: [0], 24: [0, 1, 2, 3], 31: [1]}
    for step in range(1, 41):
        batch.step()
        again = resets.get(step, range(n) if step == 40 else [])
        for env in again:
            first, seed = begun[env]
            ended.append((step - first, seed, batch.trace_hashes[env]))
            begun[env] = (step, 100 * step + env)
        if again:
            copy_environments(source, [0] * len(again), batch, again, [begun[e][1] for e in again])
    assert len({trace for _, _, trace in ended}) == len(ended) == 16
    for ticks, seed, trace in ended:
        lone = Simulation(config, population=AGENTS)
        copy_environment(source, 0, lone, 0, seed)
        assert lone.run(ticks).trace_hash == trace, (ticks, seed)


@pytest.mark.compiled
def test_another_seed_is_another_future() -> None:
    source = alone(everything()).run(30)
    batch = batch_of(source.config, 4).run(15)
    copy_environments(source, [0] * 3, batch, [0, 1, 3], [SEED, SEED + 1, SEED + 1])
    assert len({batch.trace_hashes[env] for env in (0, 1, 3)}) == 1
    batch.run(3)
    source.run(3)
    assert batch.trace_hashes[0] == source.trace_hash
    assert batch.trace_hashes[1] == batch.trace_hashes[3] != source.trace_hash


@pytest.mark.compiled
def test_within_a_batch_and_from_a_batch() -> None:
    config = everything()
    batch = batch_of(config, 4).run(25)
    copy_environments(batch, [3, 3], batch, [0, 2], [SEED, SEED])
    other = batch_of(config, 3).run(12)
    copy_environments(batch, [1, 0], other, [2, 1], [SEED, SEED])
    batch.run(20)
    other.run(20)
    assert batch.trace_hashes[0] == batch.trace_hashes[2] == batch.trace_hashes[3]
    assert other.trace_hashes[1:] == [batch.trace_hashes[0], batch.trace_hashes[1]]
    assert other.trace_hashes[1] != other.trace_hashes[2]


@pytest.mark.compiled
@pytest.mark.parametrize("deep_first", [True, False])
def test_books_of_different_sizes(deep_first: bool) -> None:
    """One side's columns have grown: the other's make room, or keep what they have."""
    config = quiet({"smart": [{**IDLE, "cash": 10**9}], "background.count": 0})
    deep, flat = Simulation(config), Simulation(config)
    rows = [
        Message(agent=FIRST + i % 4, side=1, price=PRICE - 100 * (i % 900), qty=1, tif=3,
                expire_tick=5 + i % 700)
        for i in range(6_000)
    ]  # fmt: skip
    deep.submit(as_columns(rows))
    deep.run(3)
    flat.run(2)
    flat.submit(as_columns(rows[:20]))
    flat.step()
    slots, other = (sim.exchange.venue.book_columns.orders.shape for sim in (deep, flat))
    assert slots > other
    source, target = (deep, flat) if deep_first else (flat, deep)
    copy_environment(source, 0, target, 0, 0)
    cancels = [Message(agent=FIRST + i % 4, msg_type=1, order_id=i + 1) for i in range(0, 30, 3)]
    for sim in (source, target):
        sim.submit(as_columns(cancels))
        sim.run(40)
    assert target.trace_hash == source.trace_hash
    assert target.exchange.venue.resting.tolist() == source.exchange.venue.resting.tolist()


@pytest.mark.compiled
def test_a_batch_whose_clocks_differ_is_restored_and_forked() -> None:
    config = everything()
    source = alone(config).run(37)
    batch = batch_of(config).run(21)
    copy_environments(source, 0, batch, 1, [99])
    batch.run(2)
    again, child = Simulation.restore(capture(batch).kept()), batch.fork()
    assert batch.run(20).trace_hashes == again.run(20).trace_hashes == child.run(20).trace_hashes


def test_a_fresh_batch_begins_where_the_source_is() -> None:
    config = MARKETS["opening"]()
    source = alone(config).run(30)
    fresh = batch_of(config)
    with pytest.raises(qtg.ConfigError, match="copy into all its environments before its first"):
        copy_environments(source, [0, 0], fresh, [0, 2], [1, 2])
    copy_environments(source, [0] * 3, fresh, range(3), [SEED] * 3)
    assert fresh.run(5).trace_hashes == [source.run(5).trace_hash] * 3
    assert not fresh.warming_up


def small(**fields: Any) -> qtg.Config:
    return quiet({"background.count": 5, "venue.opening_auction": False}, **fields)


@pytest.mark.parametrize(
    ("i", "k", "seeds", "problem"),
    [
        (1, 0, [1], "`i` must be 0 to 0"),
        (0, 3, [1], "`k` must be 0 to 2"),
        (0, -1, [1], "`k` must be 0 to 2"),
        (0.5, 0, [1], "`i` must be one whole number"),
        ([0, 0], [1, 1], [1, 2], "names an environment twice"),
        ([0, 0], [1, 2], [1], "with a seed for each; got 2, 2 and 1"),
    ],
)
def test_environments_that_are_not_there(i: Any, k: Any, seeds: list[int], problem: str) -> None:
    config = small()
    with pytest.raises(qtg.ConfigError, match=problem):
        copy_environments(alone(config).run(2), i, batch_of(config), k, seeds)


@pytest.mark.parametrize("population", [-1, 1.0, True, "x"])
def test_populations_that_are_none(population: Any) -> None:
    with pytest.raises(qtg.ConfigError, match="population must be the id of an environment"):
        Simulation(small(), population=population)


def test_what_cannot_be_copied() -> None:
    config = small()
    source, batch = alone(config).run(2), batch_of(config)

    def refused(problem: str, source: Simulation = source, target: Simulation = batch) -> None:
        with pytest.raises(qtg.ConfigError, match=problem):
            copy_environment(source, 0, target, 1, 1)

    refused("runs of one configuration", alone(small(seed=9)))
    mixed = Simulation(config, envs=[10, 11])
    refused(r"one `population` \(they have those of 3, 10, 11\)", target=mixed)
    with pytest.raises(qtg.ConfigError, match="is to be copied from and into"):
        copy_environments(batch, [0, 1], batch, [1, 2], [1, 1])
    warm = config.with_({"warmup.ticks": 5})
    refused(r"is warming up \(tick 2 of 5\)", alone(warm).run(2), batch_of(warm))
    refused("copy into is warming up", alone(warm).run(8), batch_of(warm).run(2))
    tracked = batch_of(config)
    tracked.exchange.venue.track_orders()
    refused("tracks its orders", target=tracked)
    own = config.with_({"smart": POPULATIONS[:1]})
    refused("'snap_function' may keep what cannot be told apart", alone(own).run(2), batch_of(own))
    silent = alone(config).run(2)
    silent.exchange.silence([FIRST])
    refused("exchange.silent differs", silent)


def test_sleepers_wake_by_their_own_clock() -> None:
    """A copied rotator rests until its own environment's tick, not the run's."""
    config = lively({"smart": [], "reactive": SLEEPERS, "warmup.ticks": 0})
    source = alone(config).run(30)
    batch = batch_of(config).run(3)
    copy_environment(source, 0, batch, 0, SEED)
    woken = batch.reactive.rotators[0].rows.wake_tick.reshape(3, -1)
    assert woken[0].min() > 30 > woken[1:].max()
