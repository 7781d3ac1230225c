"""Trace hashes of a few small runs, and what they traded.

They change only on purpose: `pytest tests/golden --update-golden` writes the files again, and the
commit says why.
"""

import json
from pathlib import Path
from typing import Any

import pytest

import qtg
from tests.reference.columns import as_columns
from tests.reference.rules import Message
from tests.simulation.crowd import Crowd
from tests.simulation.small import lively, quiet, start
from tests.simulation.watch import Watched

HERE = Path(__file__).parent
CRISIS = {"background.regime": "crisis", "venue.matching": "price_time"}
OPENING = {"venue.opening_auction": True, "check_every": 0}
FEES = {"venue.maker_fee_bps": -1.0, "venue.taker_fee_bps": 3.0, "venue.self_trade": "cancel_both"}

PRESETS = {
    "quick_test": qtg.Config.preset("quick_test", ticks=200, seed=7),
    "quick_test_seed_8": qtg.Config.preset("quick_test", ticks=200, seed=8),
    "quick_test_crisis": qtg.Config.preset("quick_test", CRISIS, ticks=100, seed=7),
    "quick_test_auction": qtg.Config.preset("quick_test", {"venue.matching": "auction"}, ticks=100),
    "quick_test_opening": qtg.Config.preset("quick_test", OPENING, ticks=100, seed=7),
    "training": qtg.Config.preset("training", {"warmup.ticks": 50}, ticks=100, seed=7),
    "lively_fees": lively(FEES),
}


def summary(run: qtg.Result) -> dict[str, Any]:
    """What a run traded; so that a changed hash can be told from a changed market."""
    last = run.table("agents", raw=True).filter(run.agents["tick"] == run.agents["tick"].max())
    return {
        "trace_hash": run.trace_hash,
        "ticks": run.metrics.height,
        "orders": int(run.metrics["orders"].sum()),
        "trades": run.trades.height,
        "shares": int(run.trades["qty"].sum()),
        "notional": int(run.sql("select sum(price * qty)::BIGINT from raw.trades").item()),
        "fees": int(last.filter(last["agent"] > 1)["fees"].sum()),
    }


def check(name: str, found: dict[str, Any], update: bool) -> None:
    """Compare with the file of this name, or write it."""
    path = HERE / f"{name}.json"
    if update:
        path.write_text(json.dumps(found, indent=2) + "\n")
    assert path.exists(), f"no golden values for {name}; write them with --update-golden"
    assert found == json.loads(path.read_text())


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether the files are to be written again."""
    return bool(request.config.getoption("--update-golden"))


@pytest.mark.parametrize("name", PRESETS)
def test_run_is_the_golden_one(name: str, update: bool) -> None:
    check(name, summary(qtg.simulate(PRESETS[name], progress=False)), update)


def test_random_crowd_is_the_golden_one(update: bool) -> None:
    """Every message type, followed by the slow ledger, so that the file cannot be wrong."""
    watched = Watched(start(quiet({"background.count": 50, "venue.protection_bps": 100}, seed=4)))
    crowd = Crowd(watched.slow, 4)
    for _ in range(60):
        watched.sim.submit(as_columns(crowd.messages(15, watched.sim.tick + 1)))
        watched.step()
    found = {"trace_hash": watched.sim.trace_hash, **dict(sorted(watched.counts.items()))}
    check("crowd", found, update)


def test_hash_of_one_trade_is_the_golden_one(update: bool) -> None:
    """The trace hash itself: three events of a market without any randomness."""
    sim = start(quiet())
    sim.submit(
        as_columns(
            [
                Message(agent=2, side=-1, price=1_000_000, qty=5),
                Message(agent=3, side=1, price=1_000_000, qty=5),
            ]
        )
    )
    sim.step()
    check("one_trade", {"trace_hash": sim.trace_hash, "events": sim.counts.events}, update)
