"""Tick benchmarks: whole ticks with Parquet streaming on, as `simulate` runs them."""

import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from qtg.config import Config
from qtg.invariants import find_violations
from qtg.run import open_sink
from qtg.simulation import Simulation

from .registry import Benchmark, Probe

SETTLING = 150  # ticks before the first one is timed: books fill, and the pool's orders expire
SLEEPERS: list[dict[str, Any]] = [
    {"kind": kind, "count": 25_000, "cash": 50_000, "shares": 50}
    for kind in ("threshold_buyer", "threshold_seller", "momentum_follower", "news_reactor")
]
MILLION = {
    "smart": [
        {"kind": "market_maker", "count": 20, "cash": 50_000_000, "shares": 20_000},
        {"kind": "noise_trader", "count": 80, "shares": 100, "probability": 0.3},
    ],
    "reactive": SLEEPERS,
    "background.count": 900_000,
    "symbols": [
        {"symbol": f"S{row}", "initial_price": str(20 + 40 * row), "shares_outstanding": 10**9}
        for row in range(10)
    ],
}


class TickRun:
    """A settled market that streams to a temporary run directory."""

    def __init__(self, changes: Mapping[str, Any]) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.path = Path(self._folder.name) / "run"
        config = Config.preset("demo", {"warmup.ticks": 20, **changes})
        self.sim = Simulation(config)
        self.sink = open_sink(config, self.path)
        self.sim.publisher.attach(self.sim, self.sink)
        self.sim.run(SETTLING)
        self.orders = self.trades = 0
        self.seconds = 0.0
        self.ticks = 0

    def milliseconds(self) -> float:
        """One tick."""
        self.sim.step()
        counts = self.sim.counts
        self.orders += counts.orders
        self.trades += counts.trades
        self.seconds += self.sim.watch.total_ns / 1e9
        self.ticks += 1
        return self.sim.watch.total_ns / 1e6

    def activity(self) -> str:
        """What a reader should know beside a tick time: idle agents are free."""
        agents = self.sim.config.n_agents
        counts = self.sim.counts
        sent = counts.orders_smart + counts.orders_reactive + counts.orders_background
        return (
            f"{agents:,} agents, {sent / agents:.0%} active a tick, "
            f"{counts.orders:,} orders and {counts.trades:,} fills a tick"
        )


def _prepare(changes: Mapping[str, Any]) -> Probe:
    run = TickRun(changes)
    run.milliseconds()
    return Probe(run.milliseconds, note=run.activity())


def _prepare_wake() -> Probe:
    """The wake pass alone, in a market that goes on."""
    sleepers = [{**group, "count": 250_000} for group in SLEEPERS]
    run = TickRun({**MILLION, "reactive": sleepers, "background.count": 20_000})
    watchers, woken = run.sim.reactive.watchers, []
    taken = [0.0]
    original = watchers.wake

    def timed(exchange: Any) -> int:
        start = perf_counter()
        found = original(exchange)
        taken[0] = 1e3 * (perf_counter() - start)
        woken.append(found)
        return found

    watchers.wake = timed  # type: ignore[method-assign]

    def sample() -> float:
        run.milliseconds()
        return taken[0]

    for _ in range(10):
        sample()
    return Probe(sample, note=f"about {sum(woken) // len(woken):,} wake in a tick")


def _prepare_check() -> Probe:
    """Everything that `check_every` looks at, in a market that goes on."""
    run = TickRun({})

    def sample() -> float:
        run.milliseconds()
        start = perf_counter()
        found = find_violations(run.sim.exchange)
        taken = 1e3 * (perf_counter() - start)
        wrong.extend(each.sentence for each in found)
        return taken

    wrong: list[str] = []
    sample()
    resting = int(run.sim.exchange.venue.resting.sum())
    on_their_way = int(run.sim.exchange.queue.n.sum())
    note = f"{resting:,} orders rest, {on_their_way:,} are on their way"
    return Probe(sample, wrong=lambda: wrong[0] if wrong else "", note=note)


def _prepare_build() -> Probe:
    config = Config.preset("demo")
    Simulation(config)

    def build() -> float:
        start = perf_counter()
        Simulation(config)
        return perf_counter() - start

    return Probe(build, note=f"{config.n_agents:,} agents, kernels compiled")


def _tick(name: str, what: str, repeats: int, changes: Mapping[str, Any]) -> Benchmark:
    prepare: Callable[[], Probe] = partial(_prepare, changes)
    return Benchmark(f"tick.{name}", what, "ms", prepare, repeats, (0.5, 0.99))


BENCHMARKS = (
    _tick("normal", "one tick, 100 / 10,000 / 90,000 agents, 10 symbols, Normal", 400, {}),
    _tick("crisis", "the same in Crisis", 200, {"background.regime": "crisis"}),
    _tick("million", "one tick, 100 / 100,000 / 900,000 agents, Normal", 60, MILLION),
    Benchmark(
        "tick.wake",
        "wake pass over a million sleepers of tier 2",
        "ms",
        _prepare_wake,
        100,
        (0.5, 0.99),
    ),
    Benchmark(
        "tick.check",
        "all invariants of 100,000 agents, as `check_every` does",
        "ms",
        _prepare_check,
        100,
        (0.5, 0.99),
    ),
    Benchmark("tick.build", "build 100,000 agents", "s", _prepare_build, 7),
)
