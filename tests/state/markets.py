"""Markets that between them have every kind of agent and every rule."""

from collections.abc import Callable
from typing import Any

import qtg
from tests.simulation.small import SLEEPERS, TRADERS, lively, plain

from .strategies import POPULATIONS

_SHORT = [{**each, "short_selling": True} for each in TRADERS]
STRICT: dict[str, Any] = {
    "rules": "realistic",
    "halts": {"band_bps": 2, "window_ticks": 5, "halt_ticks": 4},
    "limits": {"drawdown": 0.2, "position": 2_000},
    "short_selling": {"recall_ticks": 2, "borrow_pool": 0.004},
    "symbols": [
        {"symbol": "A", "initial_price": "185.00", "shares_outstanding": 60_000},
        {"symbol": "B", "initial_price": "25.00", "shares_outstanding": 60_000},
    ],
    "background.regime": "crisis",
    "smart": _SHORT,
}
MOVING: dict[str, Any] = {
    "bar_ticks": 3,
    "news": {
        "enabled": True,
        "macro": {"frequency": 0.2},
        "sector": {"frequency": 0.2},
        "guidance": {"frequency": 0.2},
        "rate_decision": {"every_ticks": 5},
    },
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
NARROW: dict[str, Any] = {  # orders wait outside the window, and ids outside the directory
    "venue.window": 64,
    "background.offset_ticks": {"kind": "uniform", "low": 0, "high": 200},
    "background.lifetime_ticks": {"kind": "uniform", "low": 1, "high": 300},
    "smart": [
        *TRADERS,
        {
            "kind": "noise_trader",
            "count": 60,
            "shares": 5_000,
            "cash": 9_000_000,
            "probability": 1.0,
            "params": {"deviation": 0.02, "market_share": 0, "lifetime": 50},
        },
    ],
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
    "narrow": lambda: lively(NARROW),
    "opening": lambda: lively({"venue.opening_auction": True, "warmup.min_book_depth": 40}),
    "price_time": lambda: lively({"venue.matching": "price_time", "latency.enabled": False}),
    "own": own,
    "quick_test": lambda: qtg.Config.preset("quick_test", ticks=60),
    "sleepers": lambda: lively({"smart": [], "reactive": SLEEPERS}),
}
