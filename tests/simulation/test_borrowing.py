"""Short sales: money, shares, locates, fees and recalls equal the slow ledger's after every tick."""

from typing import Any

import pytest

from qtg.schemas import Side, TimeInForce
from tests.reference.columns import as_columns
from tests.reference.rules import Message
from tests.sizes import sized

from .crowd import Crowd
from .small import FIRST, quiet, start
from .test_ledger import FEES, LATENCY, TWO
from .watch import Watched

SELLERS: dict[str, Any] = {
    "kind": "noise_trader",
    "count": 5,
    "probability": 0.0,
    "cash": 8_000,
    "shares": 20,
}
BORROW = {
    "borrow_pool": 0.2,
    "max_short": 400,
    "fee_bps": 100_000,
    "recall_ticks": 3,
    "maintenance_margin": 0.5,
}
BORROWING = {
    "symbols": [{**each, "shares_outstanding": 3_000} for each in TWO],
    "smart": [
        {**SELLERS, "short_selling": True},
        {**SELLERS, "count": 2, "cash": 2_000_000, "shares": 500},
    ],
    "background.count": 60,
    "background.size": {"kind": "uniform", "low": 1, "high": 30},
    "venue.protection_bps": 100,
    "short_selling": BORROW,
    "tick_ms": 60_000,  # fees of a minute are whole units
}
OWNER = FIRST + SELLERS["count"]  # first of the rich
WILD = {"fair_value": {"process": "gbm", "volatility": 6.0}, "background.anchor": 1.0}
RUNS: dict[str, dict[str, Any]] = {
    "no fees": {},
    "fees and latency": FEES | LATENCY,
    "shuffled": FEES | {"venue.matching": "shuffled"},
    "auctions": LATENCY | {"venue.matching": "auction"},
    "own resting orders are cancelled": FEES | {"venue.self_trade": "cancel_resting"},
}


def follow(
    changes: dict[str, Any], ticks: int, seed: int, robbed: bool = False, **options: Any
) -> Watched:
    """A small market with a random crowd that sells short; the slow ledger follows every tick."""
    watched = Watched(start(quiet({**BORROWING, **changes}, seed=seed), **options))
    crowd = Crowd(watched.slow, seed)
    for tick in range(1, ticks + 1):
        if tick % 10 == 0 and robbed:
            rob(watched)
        messages = crowd.messages(12, tick) + squeeze(watched, tick)
        watched.sim.submit(as_columns(messages))
        watched.step()
    return watched


def rob(watched: Watched) -> None:
    """Take most of the sellers' free cash away, for somebody rich: their margin is gone."""
    accounts, slow = watched.sim.exchange.ledger.accounts, watched.slow
    for agent in range(FIRST, OWNER):
        taken = int(accounts.cash[agent] - accounts.reserved[agent]) * 3 // 5
        for who, amount in ((agent, -taken), (OWNER, taken)):
            accounts.cash[who] += amount
            slow.cash[0, who] += amount


def squeeze(watched: Watched, tick: int) -> list[Message]:
    """For some ticks an owner buys all there is, then sells it again: recalls and margin calls."""
    phase, side = tick % 24, Side.BUY if tick % 24 < 12 else Side.SELL
    if phase % 12 > 6:
        return []
    ioc = Message(tif=TimeInForce.IOC, side=side, agent=OWNER, qty=400)
    last = watched.slow.last
    prices = {m: (last[m] * (100 + 6 * side) // 100) // 500 * 500 for m in last}
    return [ioc._replace(market=m, price=price) for m, price in prices.items()]


REFUSED = (
    "INSUFFICIENT_SHARES",
    "SHORT_LIMIT",
    "NO_BORROW",
    "INSUFFICIENT_MARGIN",
    "SHARES_OUTSTANDING",
)


@pytest.mark.parametrize("name", RUNS)
def test_borrowing_equals_the_slow_ledger_after_every_tick(name: str) -> None:
    ticks = sized(250, 120)
    counts = follow(RUNS[name], ticks, seed=list(RUNS).index(name)).counts
    for happened in ("TRADE", "RECALL", "LIFTED", "BUY_IN", *REFUSED):
        assert counts[happened] > sized(2, 0), happened


def test_margin_calls_equal_those_of_the_slow_ledger() -> None:
    ticks = sized(200, 40)
    rich = [{**SELLERS, "cash": 60_000, "short_selling": True}, BORROWING["smart"][1]]
    watched = follow(FEES | WILD | {"smart": rich}, ticks, seed=1, robbed=True)
    assert watched.counts["MARGIN_CALL"] > ticks // 10
    assert watched.counts["INSUFFICIENT_MARGIN"] > ticks // 10


def test_borrowing_in_every_environment_equals_the_slow_ledger() -> None:
    watched = follow(FEES | LATENCY, sized(50, 20), seed=3, envs=[0, 4, 2])
    short = [watched.slow.short()[m] for m in range(6)]  # type: ignore[attr-defined]
    assert sum(qty > 0 for qty in short) > 2
    assert watched.counts["RECALL"] > sized(5, -1)
