"""Agents who follow an ensemble: what they see, want and remember."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qtg import Config, Simulation
from qtg.agents.ensemble import EnsembleAgents
from qtg.ensemble_model import EnsembleModel
from qtg.errors import SnapshotError
from qtg.state.rows import copy_environment

from ..ensemble.short import handmade, stump

AGENTS = 3


def config(model: Path | str, **changes: Any) -> Config:
    """A small market in which the last agents follow a model."""
    makers = {"kind": "market_maker", "count": 2, "cash": 5_000_000, "shares": 5_000}
    followers = {
        "kind": "ensemble", "count": AGENTS, "cash": 100_000, "shares": 300, "model": str(model),
        **changes.pop("followers", {}),
    }  # fmt: skip
    settings = {
        "smart": [makers, followers], "reactive": [], "background.count": 60, "news.enabled": False,
        "warmup.ticks": 3, "bar_ticks": 2, **changes,
    }  # fmt: skip
    return Config.preset("quick_test", settings)


def followers_of(sim: Simulation) -> EnsembleAgents:
    group = sim.smart[1]
    assert isinstance(group, EnsembleAgents)
    return group


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return handmade().save(tmp_path / "m.json")


@pytest.fixture
def patient(tmp_path: Path) -> Path:
    """A model that goes by the move over twenty ticks, which somebody has to remember."""
    trees = [
        stump(2, -0.5, (1, 0, 0), (0, 1, 0)),
        stump(2, 0.5, (0, 1, 0), (0, 0, 1)),
        stump(2, 0.0, (0.6, 0.4, 0), (0, 0.4, 0.6)),
    ]
    return handmade(trees).save(tmp_path / "patient.json")


def mids(sim: Simulation, before: list[int]) -> list[int]:
    """Mids at the end of a tick; one side alone leaves a mid as it was."""
    found = []
    for symbol, was in zip(sim.symbols, before, strict=True):
        bid, ask = (sim.book(symbol).best(side) for side in (1, -1))
        last = int(sim.exchange.venue.book_columns.markets[sim.symbols.index(symbol)].last_price)
        both = bid is not None and ask is not None
        alone = (bid is None) != (ask is None) and was
        found.append((bid + ask) // 2 if both else was if alone else last)
    return found


def test_they_go_with_the_last_move_as_their_model_says(path: Path) -> None:
    """The hand-made model buys after a rise and sells after a fall, and nothing else."""
    sim = Simulation(config(path))
    group = followers_of(sim)
    size = group.rows.size.astype(int)
    wanted = np.full((AGENTS, 2), 300)
    before, now = [0, 0], [0, 0]
    for tick in range(1, 40):
        if tick > 3:  # of the warm-up
            for symbol in (0, 1):
                if now[symbol] != before[symbol] != 0:
                    up = now[symbol] > before[symbol]
                    wanted[:, symbol] = 300 + (1 if up else -1) * size
        sim.step()
        assert (group.desk.target == np.maximum(wanted, 0)).all(), tick
        before, now = now, mids(sim, now)
    held = sim.exchange.ledger.positions.qty[sim.agents("ensemble")]
    assert (held != 300).any(), "and they have traded"
    assert len(np.unique(group.desk.target)) > 2, "in both ways"


def test_all_models_are_asked_about_every_symbol(path: Path) -> None:
    sim = Simulation(config(path), envs=[4, 9]).run(20)
    group = followers_of(sim)
    rows = group._market.rows
    sim.step()
    assert rows.shape == (4, 6)
    assert group._market.market.tolist() == [0, 2, 1, 3]
    before = Simulation(config(path), envs=[4, 9]).run(20)
    asked = EnsembleModel.load(path).votes(followers_of(before)._market.rows)
    assert (group.votes == asked).all()


def test_without_a_warm_up_they_first_look(tmp_path: Path) -> None:
    """A model that always buys says nothing until there is something to look at."""
    buys = handmade([stump(0, 0.0, (0, 0, 1), (0, 0, 1))]).save(tmp_path / "buys.json")
    sim = Simulation(config(buys, **{"warmup.ticks": 0}))
    assert (followers_of(sim.step()).votes == 0).all()
    assert (followers_of(sim.step()).votes[:, 3] == 1).all()


def test_they_trade_the_symbols_they_may(path: Path) -> None:
    sim = Simulation(config(path, followers={"symbols": ["XOM"]})).run(25)
    group = followers_of(sim)
    assert group.votes.shape == (1, 4)
    assert (group.desk.stance[:, 0] == 0).all()
    assert (group.desk.stance[:, 1] != 0).all()
    nobody = Simulation(config(path, followers={"count": 0})).run(3)
    assert followers_of(nobody).nbytes() > 0


@pytest.mark.compiled
def test_a_run_goes_on_from_a_snapshot_with_the_same_model_only(
    patient: Path, tmp_path: Path
) -> None:
    whole = Simulation(config(patient)).run(40)
    half = Simulation(config(patient)).run(23)
    half.snapshot(tmp_path / "half.qsnap")
    assert Simulation.restore(tmp_path / "half.qsnap").run(17).trace_hash == whole.trace_hash
    assert half.fork().run(17).trace_hash == whole.trace_hash
    other = [stump(1, 0.0, (0, 1, 0), (0, 0, 1))]
    handmade(other).save(patient)
    with pytest.raises(SnapshotError, match="another model than .* is now; put that one back"):
        Simulation.restore(tmp_path / "half.qsnap")


@pytest.mark.compiled
def test_an_environment_is_the_same_alone_in_a_batch_and_copied(patient: Path) -> None:
    market = config(patient)
    batch = Simulation(market, envs=[0, 1, 2]).run(40)
    assert Simulation(market, envs=[1]).run(40).trace_hash == batch.trace_hashes[1]
    begun = Simulation(market).run(20)
    into = Simulation(market, envs=range(3), population=0).run(7)
    copy_environment(begun, 0, into, 2, seed=market.seed)
    assert into.run(15).trace_hashes[2] == begun.run(15).trace_hash


@pytest.mark.compiled
def test_who_does_not_follow_a_model_is_not_touched_by_those_who_look(path: Path) -> None:
    """Followers who never act change nothing but the number of accounts."""
    quiet = Simulation(config(path, followers={"probability": 0.0})).run(40)
    gone = Simulation(config(path, followers={"kind": "guest", "model": None})).run(40)
    assert quiet.trace_hash == gone.trace_hash
