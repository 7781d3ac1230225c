"""Compile every kernel that a run needs."""

import warnings
from typing import Any

import numpy as np

from qtg.kernels._jit import cache_problem

from .agents.registry import kinds
from .agents.resting import read_own, rows_of
from .config import Config
from .errors import CacheWarning, StorageError
from .simulation import Simulation
from .venue import Venue


def compile_kernels() -> None:
    """Run a few ticks of a small market in each matching mode, with storage in memory.

    Raises
    ------
    StorageError    the kernels were compiled and work, but could not be kept on disk
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CacheWarning)  # it is the error below
        _run_everything()
    if cache_problem():
        raise StorageError(cache_problem())


def _run_everything() -> None:
    from .run import open_sink

    crowded = Venue(orders=16)  # more orders than slots, so that the columns grow
    crowded.track_orders(ended=0)
    crowded.submit({"price": np.arange(1, 41), "qty": np.ones(40, np.int64)})
    crowded.submit({"msg_type": [1], "order_id": [1]})  # whose order is then forgotten
    crowded.grow_timers()
    for matching in ("shuffled", "auction"):
        settings = {"matching": matching, "opening_auction": matching == "shuffled"}
        config = Config.preset(
            "quick_test",
            {
                "rules": "realistic",
                "halts.band_bps": 1,
                "limits.drawdown": 0.5,
                "venue": settings,
                "warmup.ticks": 1,
                "storage": {"orders": True, "depth_every": 2},
                "bar_ticks": 1,
                "check_every": 1,
                "background.schedule": [{"tick": 3, "regime": "cancel_storm"}],
            },
            ticks=200,
            **_everyone(),
        )
        sim = Simulation(config)
        sim.publisher.attach(sim, open_sink(config, None))
        sim.run(5)
        sim.publisher.finish(sim)
    read_own(sim.exchange, 0, rows_of(sim.agents("noise_trader"), sim.exchange.n_agents))


def _everyone() -> dict[str, list[dict[str, Any]]]:
    """A few of every built-in kind."""
    tiers: dict[str, list[dict[str, Any]]] = {"smart": [], "reactive": []}
    for kind in kinds().values():
        if kind.decide is None:
            group = {"kind": kind.name, "count": 2, "cash": 1_000_000, "shares": 1_000}
            tiers[kind.tier.name.lower()].append(group)
    tiers["smart"][0]["short_selling"] = True
    taker = {"kind": "threshold_buyer", "count": 2, "params": {"take_profit": 0.01}}
    tiers["reactive"].append(taker)
    return tiers
