"""Money and shares equal those of the slow ledger after every tick, whatever is traded."""

from typing import Any

import pytest

from tests.reference.columns import as_columns
from tests.sizes import sized

from .crowd import Crowd
from .small import lively, quiet, start
from .watch import Watched

TWO = [
    {"symbol": "A", "initial_price": "100.00", "shares_outstanding": 12_000},
    {"symbol": "B", "initial_price": "20.00", "tick_size": "0.05", "lot_size": 10,
     "shares_outstanding": 20_000},
]  # fmt: skip
TIGHT = {"kind": "noise_trader", "count": 6, "probability": 0.0, "cash": 20_000, "shares": 300}
BASE = {
    "symbols": TWO,
    "smart": [TIGHT],
    "background.count": 40,
    "background.size": {"kind": "uniform", "low": 1, "high": 30},
    "venue.protection_bps": 100,
}
FEES = {"venue.maker_fee_bps": 2.5, "venue.taker_fee_bps": 7.25}
REBATES = {"venue.maker_fee_bps": -3.0, "venue.taker_fee_bps": 5.0}
LATENCY = {"latency.enabled": True, "latency.default_ticks": 2}
RUNS: dict[str, dict[str, Any]] = {
    "no fees": {},
    "fees": FEES,
    "rebates and latency": REBATES | LATENCY,
    "shuffled, latency": FEES | LATENCY | {"venue.matching": "shuffled"},
    "auctions": REBATES | {"venue.matching": "auction"},
    "own resting orders are cancelled": FEES | {"venue.self_trade": "cancel_resting"},
    "both own orders are cancelled": FEES | LATENCY | {"venue.self_trade": "cancel_both"},
    "the pool trades with itself": FEES | {"venue.pool_trades_itself": True},
}


def follow(changes: dict[str, Any], ticks: int, seed: int, **options: Any) -> Watched:
    """Run a small market with a random crowd; the slow ledger follows every tick."""
    sim = start(quiet({**BASE, **changes}, seed=seed), **options)
    watched = Watched(sim)
    crowd = Crowd(watched.slow, seed)
    for _ in range(ticks):
        sim.submit(as_columns(crowd.messages(12, sim.tick + 1)))
        watched.step()
    return watched


@pytest.mark.parametrize("name", RUNS)
def test_ledger_equals_the_slow_ledger_after_every_tick(name: str) -> None:
    ticks = sized(250, 50)
    counts = follow(RUNS[name], ticks, seed=list(RUNS).index(name)).counts
    for happened in ("TRADE", "CANCELED", "REPLACED", "EXPIRED", "REQUESTED", "UNKNOWN_ORDER"):
        assert counts[happened] > ticks // 50, happened
    for refused in ("INSUFFICIENT_CASH", "INSUFFICIENT_SHARES"):
        assert counts[refused] > ticks // 50, refused
    assert counts["NOTIONAL_TOO_LARGE"] + counts["BAD_AGENT"] + counts["BAD_LATENCY"] > 0
    assert counts["SELF_TRADE"] > ticks // 50 or name == "auctions"


@pytest.mark.parametrize(
    ("limit", "most"), [("position", 500), ("sector", 0.7), ("drawdown", 0.002)]
)
def test_ledger_equals_the_slow_ledger_with_limits(limit: str, most: float) -> None:
    rich = TIGHT | {"cash": 40_000}
    sectors = [each | {"sector": "tech"} for each in TWO]
    wild = {"fair_value": {"process": "gbm", "volatility": 6.0}, "tick_ms": 60_000}
    changes = {"limits": {limit: most}, "smart": [rich], "symbols": sectors} | wild
    ticks = sized(120, 40)
    watched = follow(FEES | LATENCY | changes, ticks, seed=3)
    assert watched.counts[f"{limit.upper()}_LIMIT"] > ticks // 10


def test_ledger_of_every_environment_equals_the_slow_ledger() -> None:
    watched = follow(
        FEES | LATENCY | {"venue.matching": "shuffled"}, sized(60, 20), seed=3, envs=[0, 4, 2]
    )
    traded = [watched.slow.pool[market].bought for market in range(6)]
    assert all(traded)
    assert len(set(traded)) == 6


def test_ledger_equals_the_slow_ledger_when_more_shares_are_asked_for_than_exist() -> None:
    rich = TIGHT | {"cash": 5_000_000, "shares": 600}
    few = [each | {"shares_outstanding": 4_000} for each in TWO]
    ticks = sized(100, 40)
    counts = follow({"smart": [rich], "symbols": few}, ticks, seed=5).counts
    assert counts["SHARES_OUTSTANDING"] > ticks // 5


def test_ledger_equals_the_slow_ledger_with_every_built_in_kind() -> None:
    watched = Watched(start(lively(FEES)))
    for _ in range(sized(watched.sim.last_tick, 30)):
        watched.step()
    assert watched.counts["TRADE"] > sized(300, 60)
    assert watched.counts["REPLACED"] > sized(50, 10)


def test_ledger_equals_the_slow_ledger_through_an_opening_auction() -> None:
    changes = {"venue.opening_auction": True, "warmup.ticks": 5, "check_every": 0} | FEES
    watched = follow(changes, ticks=4, seed=2)
    assert watched.counts["TRADE"] == 0
    crowd = Crowd(watched.slow, 2)
    watched.sim.submit(as_columns(crowd.messages(12, 5)))
    watched.step()
    assert watched.counts["TRADE"] > 5
    assert not watched.sim.exchange.venue.calling


def test_gathering_orders_may_cross_without_breaking_an_invariant() -> None:
    config = quiet({**BASE, "venue.opening_auction": True, "warmup.ticks": 6}, check_every=1)
    sim = start(config.with_({"background.count": 400})).run(6)
    assert not sim.exchange.venue.calling
    assert sim.counts.trades > 20
