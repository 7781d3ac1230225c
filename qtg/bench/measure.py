"""Taking the samples and summing them up."""

import gc
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import numpy as np

from .machine import Machine, load_average, this_machine
from .registry import Benchmark, Probe, benchmarks


@dataclass(frozen=True)
class Row:
    """One benchmark's figures."""

    name: str
    what: str
    unit: str
    value: float  # median
    low: float
    high: float
    spread: tuple[float, float]  # which quantiles low and high are
    repeats: int
    wrong: str  # empty if the measured code did what it should
    note: str


@dataclass(frozen=True)
class Report:
    """All rows, the machine, and its load average before and after."""

    machine: Machine
    load: tuple[float | None, float | None]
    rows: tuple[Row, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for JSON."""
        return asdict(self)


def measure(
    only: str | Sequence[str] | None = None, started: Callable[[Benchmark], None] | None = None
) -> Report:
    """Run the benchmarks, one after the other.

    Parameters
    ----------
    only : names, see `registry.benchmarks`
    started : callable, optional    told of each benchmark before it runs
    """
    before = load_average()
    rows = []
    for benchmark in benchmarks(only):
        if started:
            started(benchmark)
        rows.append(measure_one(benchmark))
    return Report(this_machine(), (before, load_average()), tuple(rows))


def measure_one(benchmark: Benchmark) -> Row:
    """Median and spread of repeated samples, the garbage collector held still."""
    probe = benchmark.prepare()
    values = samples(probe, benchmark.repeats)
    low, high = np.quantile(values, benchmark.spread).tolist()
    return Row(
        name=benchmark.name,
        what=benchmark.what,
        unit=benchmark.unit,
        value=median(values),
        low=low,
        high=high,
        spread=benchmark.spread,
        repeats=benchmark.repeats,
        wrong=probe.wrong(),
        note=probe.note,
    )


def samples(probe: Probe, repeats: int) -> list[float]:
    """Repeated samples of a probe."""
    gc.collect()
    was_on = gc.isenabled()
    gc.disable()
    try:
        return [probe.sample() for _ in range(repeats)]
    finally:
        if was_on:
            gc.enable()
