"""All rules at once, with every built-in kind: nothing is lost, and nothing depends on threads."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

import qtg
from qtg.schemas import BorrowEvent

from .small import lively, start
from .test_determinism import _same_environment

STOCKS = [
    {"symbol": f"S{row}", "initial_price": f"{40 + 30 * row}.00", "shares_outstanding": 45_000}
    for row in range(4)
]
KINDS = [
    ("smart", "market_maker", 2, {"cash": 2_000_000, "shares": 2_000}),
    ("smart", "noise_trader", 40, {"cash": 30_000, "shares": 100}),
    ("reactive", "momentum_follower", 20, {"cash": 30_000, "shares": 20}),
    ("reactive", "threshold_seller", 20, {"cash": 30_000, "shares": 20}),
    ("reactive", "threshold_buyer", 20, {"cash": 60_000, "shares": 0}),
    ("reactive", "news_reactor", 20, {"cash": 30_000, "shares": 20}),
]


def everything(changes: dict[str, Any] | None = None, /, **fields: Any) -> qtg.Config:
    """Four stocks in a market that moves fast, with short sales, fees, limits and halts."""
    tiers: dict[str, list[dict[str, Any]]] = {"smart": [], "reactive": []}
    for tier, kind, count, has in KINDS:
        tiers[tier].append({"kind": kind, "count": count, "short_selling": True, **has})
    base = {
        **tiers,
        "symbols": STOCKS,
        "short_selling": {
            "borrow_pool": 0.03,
            "max_short": 400,
            "fee_bps": 5_000,
            "recall_ticks": 2,
        },
        "limits": {"position": 2_500, "sector": 3.0, "drawdown": 0.6},
        "halts": {"band_bps": 150, "window_ticks": 30, "halt_ticks": 6},
        "fair_value": {"process": "gbm", "volatility": 1.5},
        "venue.maker_fee_bps": -0.5,
        "venue.taker_fee_bps": 1.5,
        "venue.protection_bps": 300,
        "tick_ms": 60_000,
        "storage.candles": [],
    }
    return lively({**base, **(changes or {})}, **fields)


def conserve(ticks: int, every: int) -> None:
    """Run with checks; short sales, recalls, buy-ins, fees and halts must all have happened."""
    sim = start(everything({"check_every": every}))
    seen: Counter[BorrowEvent] = Counter()
    halted = shorts = 0
    for _ in range(ticks):
        sim.step()
        events = sim.exchange.lending.notices().event
        seen.update(BorrowEvent(event) for event in events.tolist())
        halted += sim.counts.halted
        shorts += int(sim.exchange.ledger.holdings.short.sum() > 0)
    accounts = sim.exchange.ledger.accounts
    assert seen[BorrowEvent.RECALL] > ticks // 500
    assert seen[BorrowEvent.BUY_IN] > ticks // 2_000
    assert halted > ticks // 100
    assert shorts > ticks // 2
    assert accounts.borrow_fees.max() > 0 == accounts.borrow_fees.sum()
    assert (accounts.cash - accounts.start_cash).sum() == 0


@pytest.mark.compiled
def test_nothing_is_lost_with_borrowing_halts_and_fees() -> None:
    conserve(2_500, every=5)


@pytest.mark.compiled
@pytest.mark.scale
def test_nothing_is_lost_over_100_000_ticks() -> None:
    conserve(100_000, every=50)


@pytest.mark.compiled
@pytest.mark.parametrize("mode", ["shuffled", "price_time", "auction"])
def test_any_number_of_threads_has_the_same_trace_with_all_rules(mode: str) -> None:
    config = everything({"venue.matching": mode})
    sims = [start(config, envs=[0, 1], threads=threads).run(120) for threads in (1, 2, 3)]
    assert len({tuple(sim.trace_hashes) for sim in sims}) == 1
    assert sims[0].exchange.ledger.holdings.short.sum() > 0
    for sim in sims[1:]:
        for one, other in zip(sims[0].exchange.ledger, sim.exchange.ledger, strict=True):
            for name, column in one._asdict().items():
                assert np.array_equal(column, getattr(other, name)), name


@pytest.mark.compiled
def test_an_environment_alone_is_the_same_as_in_a_batch_with_all_rules() -> None:
    batch = start(everything(), envs=[0, 1, 2, 3]).run(120)
    assert len(set(batch.trace_hashes)) == 4
    for row, env in ((0, 0), (3, 3)):
        alone = start(everything(), envs=[env]).run(120)
        assert alone.trace_hash == batch.trace_hashes[row]
        _same_environment(alone, batch, row)


@pytest.mark.compiled
def test_storage_makes_no_difference_with_all_rules() -> None:
    config = everything({"storage.orders": True})
    run = qtg.simulate(config, progress=False)
    assert run.trace_hash == start(config).run(run.metrics.height).trace_hash
    assert {"borrows", "halts"} <= set(run.tables)
