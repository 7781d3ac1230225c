"""What a benchmark is, and which there are.

A module that adds benchmarks defines `BENCHMARKS`, a tuple of `Benchmark`, and is named in `ROOMS`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

from qtg.errors import ConfigError

ROOMS = (
    "venue",
    "tick",
    "bridge",
    "state",
    "quant",
    "memory",
    "storage",
    "startup",
    "monitor",
    "wal",
    "gym",
    "models",
    "sweep",
)


def _fine() -> str:
    return ""


@dataclass(frozen=True)
class Probe:
    """A benchmark that is set up and warm."""

    sample: Callable[[], float]  # one measurement, in the benchmark's unit
    wrong: Callable[[], str] = _fine  # after the samples: why the result is wrong, or nothing
    note: str = ""  # what a reader should know of this run


@dataclass(frozen=True)
class Benchmark:
    """One line of the table."""

    name: str  # room.thing
    what: str
    unit: str
    prepare: Callable[[], Probe]
    repeats: int = 11
    spread: tuple[float, float] = (0.25, 0.75)  # quantiles shown beside the median


def benchmarks(only: str | Sequence[str] | None = None) -> tuple[Benchmark, ...]:
    """All benchmarks, or those named: `venue` is the whole room, `venue.W1` one line.

    Raises
    ------
    ConfigError    a name that fits none
    """
    every = [each for room in ROOMS for each in import_module(f".{room}", __package__).BENCHMARKS]
    if not only:
        return tuple(every)
    wanted = [only] if isinstance(only, str) else list(only)
    for name in wanted:
        if not any(_fits(each, name) for each in every):
            known = ", ".join(each.name for each in every)
            raise ConfigError(f"there is no benchmark {name!r}; there are {known}")
    return tuple(each for each in every if any(_fits(each, name) for name in wanted))


def _fits(benchmark: Benchmark, name: str) -> bool:
    return benchmark.name == name or benchmark.name.startswith(f"{name}.")
