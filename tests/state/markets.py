"""Markets that between them have every kind of agent and every rule."""

from collections.abc import Callable
from typing import Any

import qtg
from tests.simulation.small import SLEEPERS, TRADERS, lively, plain

from .strategies import POPULATIONS

_SHORT = [{**each, "short_selling": True} for each in TRADERS]
STRICT: dict[str, Any] = {
    "rules": "realistic",
    "halts": {"band_bps": 8, "window_ticks": 5, "halt_ticks": 4},
    "limits": {"drawdown": 0.2, "position": 2_000},
    "short_selling": {"recall_ticks": 2},
    "background.regime": "crisis",
    "smart": _SHORT,
}
MOVING: dict[str, Any] = {
    "news": {"enabled": True, "macro": {"frequency": 0.2}, "sector": {"frequency": 0.2}},
    "fair_value": {"process": "mean_reverting"},
    "background.chain": [
        {"source": "normal", "target": "crisis", "chance": 0.2},
        {"source": "crisis", "target": "calm", "chance": 0.2},
        {"source": "calm", "target": "normal", "chance": 0.2},
    ],
    "background.metaorders": {
        "count": 3,
        "duration_ticks": {"kind": "uniform", "low": 2, "high": 9},
    },
}


def own(changes: dict[str, Any] | None = None) -> qtg.Config:
    """`lively` with a user's strategies beside all others."""
    smart = [*plain(lively().smart), *POPULATIONS]
    return lively({"smart": smart, **(changes or {})})


MARKETS: dict[str, Callable[[], qtg.Config]] = {
    "lively": lively,
    "strict": lambda: lively(STRICT),
    "moving": lambda: lively(MOVING),
    "auction": lambda: lively({"venue.matching": "auction", "venue.opening_auction": True}),
    "opening": lambda: lively({"venue.opening_auction": True, "warmup.min_book_depth": 40}),
    "price_time": lambda: lively({"venue.matching": "price_time", "latency.enabled": False}),
    "own": own,
    "quick_test": lambda: qtg.Config.preset("quick_test", ticks=60),
    "sleepers": lambda: lively({"smart": [], "reactive": SLEEPERS}),
}
