"""Three small markets whose traces are kept: calm, a burst, a cancel storm.

A trace is the whole sequence of a run's events. It is not stored: the settings are, and the hash
that they must give (tests/golden). `qtg trace NAME` makes one again.
"""

from typing import TYPE_CHECKING, Any

from .config import Config
from .errors import ConfigError
from .run import simulate

if TYPE_CHECKING:
    from .result import Result

TICKS = 240
BOTS = {
    "kind": "cancel_bot",
    "count": 20,
    "cash": 1_000_000,
    "shares": 2_000,
}
TRACES: dict[str, dict[str, Any]] = {
    "calm": {"background.regime": "calm"},
    "burst": {
        "background.schedule": [{"tick": 100, "regime": "burst"}],
        "background.burst": {"spike": 6.0, "half_life_ticks": 15},
    },
    "cancel_storm": {
        "background.triggers": [{"regime": "cancel_storm", "depth": 280, "rest_ticks": 90}],
        "background.cancel_storm": {"share": 0.3, "ticks": 15},
    },
}


def trace_config(name: str) -> Config:
    """The configuration of a curated trace.

    Raises
    ------
    ConfigError    there is no trace of this name

    Examples
    --------
    >>> trace_config("calm").ticks
    240
    """
    if name not in TRACES:
        raise ConfigError(f"no trace {name!r}; traces are {', '.join(TRACES)}")
    base = Config.preset("quick_test", {"warmup.ticks": 20, "latency.enabled": True}, seed=7)
    common = {"smart": [*base.smart, BOTS], "storage.orders": True, "ticks": TICKS}
    common |= {"name": f"trace_{name}", "check_every": 20, "on_violation": "stop"}
    return base.with_({**common, **TRACES[name]})


def make_trace(name: str, out: str | None = None, overwrite: bool = False) -> "Result":
    """Run a curated trace; its tables stay in memory unless `out` names a run directory."""
    return simulate(trace_config(name), out, overwrite=overwrite, progress=False)


def trace_summary(run: "Result") -> dict[str, Any]:
    """What a trace holds, as far as it does not depend on the machine: hash, counts, cancel rate
    and depth by regime."""
    flow = run.flow().drop("events_per_s")
    return {
        "trace_hash": run.trace_hash,
        "events": int(flow["events"].sum()),
        "orders": int(flow["orders"].sum()),
        "cancels": int(flow["cancels"].sum()),
        "fills": int(flow["fills"].sum()),
        "regimes": {
            row["regime"]: {
                "ticks": row["ticks"],
                "cancel_rate": round(row["cancel_rate"], 4),
                "events_per_tick": round(row["events_per_tick"], 1),
                "most_resting": row["most_resting"],
                "most_queued": row["most_queued"],
            }
            for row in flow.rows(named=True)
        },
    }
