"""What a log costs: ticks with it and without, side by side."""

import tempfile
from time import perf_counter
from typing import Any

import numpy as np

from qtg.config import Config
from qtg.run import open_sink
from qtg.schemas import Side
from qtg.simulation import Simulation
from qtg.wal.run_log import RunLog

from .registry import Benchmark, Probe

SETTLING = 60  # ticks before the first one is timed
TICKS = 25  # in a sample, of each market in turn
ORDERS = 10  # from outside, in every tick


class Pair:
    """The same market twice, both with tables in a run directory, one with a log as well.

    They take turns tick by tick, so that what the machine does besides meets both alike. The time
    of a tick is all of it, with the log's records; the sync is another thread's.
    """

    def __init__(self, preset: str = "standard") -> None:
        self._folder = tempfile.TemporaryDirectory()
        logged = Config.preset(preset, {"durability.log": True})
        self.plain = self._start(Config.preset(preset), "plain")
        self.logged = self._start(logged, "logged")
        self.log = RunLog.begin(self.logged, self.logged.publisher._sink)  # type: ignore[arg-type]
        for _ in range(SETTLING):
            self.step()

    def _start(self, config: Config, name: str) -> Simulation:
        sim = Simulation(config)
        sim.publisher.attach(sim, open_sink(config, f"{self._folder.name}/{name}"))
        return sim

    def step(self) -> tuple[float, float]:
        """A tick of each; seconds without and with the log."""
        order = (self.plain, self.logged) if self.plain.tick % 2 else (self.logged, self.plain)
        taken = {id(sim): _seconds(sim) for sim in order}
        return taken[id(self.plain)], taken[id(self.logged)]

    def ratio(self) -> float:
        """Tick time with the log over tick time without: medians of some ticks."""
        pairs = np.array([self.step() for _ in range(TICKS)])
        plain, logged = np.median(pairs, axis=0)
        return float(logged / plain)

    def wrong(self) -> str:
        """Why the log cannot be right, or nothing."""
        self.log.commit()
        if self.log.committed != self.logged.tick:
            return f"tick {self.log.committed} is committed of {self.logged.tick}"
        if self.plain.trace_hash != self.logged.trace_hash:
            return "the log changed the market"
        return ""


def _seconds(sim: Simulation) -> float:
    """A tick with orders from outside."""
    orders = _orders(sim)
    start = perf_counter()
    sim.submit(orders)
    sim.step()
    return perf_counter() - start


def _orders(sim: Simulation) -> dict[str, Any]:
    """Bids of agents of tier 1, well below the market."""
    agents = sim.agents(sim.config.smart[0].kind)[:ORDERS]
    price = int(sim.exchange.view.bid[0]) // 200 * 100
    same = {"market": 0, "side": int(Side.BUY), "price": price, "qty": 1}
    return {"agent": agents, **{name: np.full(len(agents), n) for name, n in same.items()}}


def _prepare() -> Probe:
    pair = Pair()
    return Probe(pair.ratio, pair.wrong, "standard, group fsync, 10 orders from outside a tick")


BENCHMARKS = (
    Benchmark("wal.tick", "a tick with the log over one without", "x", _prepare, repeats=15),
)
