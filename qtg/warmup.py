"""Compile every kernel that a run needs."""

import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from qtg.kernels._jit import cache_problem
from qtg.schemas import Account, MsgType

from .agents.registry import kinds
from .agents.resting import read_own, rows_of
from .config import Config
from .errors import CacheWarning, StorageError
from .processors import processors
from .progress import kernels_compiled
from .run import open_sink
from .simulation import Simulation
from .venue import Venue


def compile_kernels() -> None:
    """Run a few ticks of a small market in each matching mode, with storage in memory.

    Where there are two processors, a second process compiles what decides while this one compiles
    what trades; each finds on disk what the other has compiled.

    Raises
    ------
    StorageError    the kernels were compiled and work, but could not be kept on disk
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CacheWarning)  # it is the error below
        if not kernels_compiled() and processors() > 1:
            _share_work()
        _run_everything()
    if cache_problem():
        raise StorageError(cache_problem())


def _share_work() -> None:
    """Whatever becomes of the other process: what it has not compiled, this one will."""
    other = subprocess.Popen(
        [sys.executable, "-m", "qtg.warmup"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _submit_to_a_venue()
        for sim in _small_markets():
            _trade(sim)
        other.wait()
    finally:
        other.kill()
        other.wait()


def _decide(sim: Simulation) -> None:
    """The phases of a tick in which agents and the economy move (see tick.py)."""
    exchange, economy = sim.exchange, sim.economy
    exchange.moment.tick[:] = 1
    economy.move(exchange, sim.inputs.news)
    sim.board.update(exchange.view, exchange.moment.tick)
    for group in sim.smart:
        group.decide(exchange)
    sim.reactive.decide(exchange, economy)
    sim.background.decide(exchange, economy, sim.inputs.regime)
    sim.background.decay(exchange, economy)


def _trade(sim: Simulation) -> None:
    """The phases of a tick in which orders are matched and accounts are kept (see tick.py)."""
    exchange = sim.exchange
    exchange.admit()
    exchange.match(exchange.due())
    exchange.open_markets()
    exchange.settle()
    sim.check()


def _run_everything() -> None:
    _submit_to_a_venue()
    for sim in _small_markets():
        sim.publisher.attach(sim, open_sink(sim.config, None))
        sim.submit({"agent": [Account.FIRST_AGENT], "msg_type": [MsgType.CANCEL]})
        sim.run(5)
        sim.publisher.finish(sim)
    read_own(sim.exchange, 0, rows_of(sim.agents("noise_trader"), sim.exchange.n_agents))


def _submit_to_a_venue() -> None:
    venue = Venue(orders=16)  # more orders than slots, so that the columns grow
    venue.track_orders(ended=0)
    venue.submit({"price": np.arange(1, 41), "qty": np.ones(40, np.int64)})
    venue.submit({"msg_type": [1], "order_id": [1]})  # whose order is then forgotten
    venue.grow_timers()


def _small_markets() -> Iterator[Simulation]:
    """A market in each matching mode, with everything switched on."""
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
                "news": {"enabled": True, "macro": {"frequency": 1.0}},
                "background.schedule": [{"tick": 3, "regime": "cancel_storm"}],
            },
            ticks=200,
            **_everyone(),
        )
        yield Simulation(config)


def _everyone() -> dict[str, list[dict[str, Any]]]:
    """A few of every built-in kind."""
    tiers: dict[str, list[dict[str, Any]]] = {"smart": [], "reactive": []}
    for kind in kinds().values():
        if kind.decide is None and not kind.has_model:
            group = {"kind": kind.name, "count": 2, "cash": 1_000_000, "shares": 1_000}
            tiers[kind.tier.name.lower()].append(group)
    tiers["smart"][0]["short_selling"] = True
    taker = {"kind": "threshold_buyer", "count": 2, "params": {"take_profit": 0.01}}
    tiers["reactive"].append(taker)
    return tiers


if __name__ == "__main__":
    for market in _small_markets():
        _decide(market)
