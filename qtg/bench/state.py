"""Snapshot benchmarks: 100,000 agents to a file that is synced, and back."""

import tempfile
from functools import partial
from pathlib import Path
from time import perf_counter

from qtg.config import Config
from qtg.simulation import Simulation

from .registry import Benchmark, Probe
from .tick import SETTLING


class KeptRun:
    """A settled market of 100 / 10,000 / 90,000 agents and ten symbols, with a snapshot of it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.path = Path(self._folder.name) / "snapshot"
        self.sim = Simulation(Config.preset("demo", {"warmup.ticks": 20})).run(SETTLING)
        self.nbytes = self.sim.snapshot(self.path)
        self.again = Simulation.restore(self.path)

    def snapshot(self) -> float:
        """Milliseconds to write it, synced to the disk."""
        start = perf_counter()
        self.sim.snapshot(self.path)
        return 1e3 * (perf_counter() - start)

    def restore(self) -> float:
        """Milliseconds to read it, build the simulation and fill it."""
        start = perf_counter()
        self.again = Simulation.restore(self.path)
        return 1e3 * (perf_counter() - start)

    def fork(self) -> float:
        """Milliseconds for the same without a file."""
        start = perf_counter()
        self.again = self.sim.fork()
        return 1e3 * (perf_counter() - start)

    def wrong(self) -> str:
        """Why the last copy is not the run, or nothing."""
        here, there = self.sim.fork().run(2).trace_hash, self.again.fork().run(2).trace_hash
        return "" if here == there else f"goes on to {there}, not to {here}"


def _prepare(what: str) -> Probe:
    run = KeptRun()
    note = f"{run.nbytes / 1e6:.1f} MB, {run.sim.config.n_agents:,} agents, kernels compiled"
    return Probe(getattr(run, what), run.wrong, note)


BENCHMARKS = tuple(
    Benchmark(f"state.{name}", what, "ms", partial(_prepare, name))
    for name, what in (
        ("snapshot", "snapshot of 100,000 agents, synced to disk"),
        ("restore", "restore it: read, check, build, fill"),
        ("fork", "fork the same run in memory"),
    )
)
