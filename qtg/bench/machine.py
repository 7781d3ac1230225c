"""The machine that figures were taken on, and how busy it was."""

import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..processors import processors


@dataclass(frozen=True)
class Machine:
    """What a reader of a figure needs to know."""

    cpu: str
    cores: int  # that this process may use
    python: str
    packages: dict[str, str]  # name -> version


def this_machine() -> Machine:
    """The machine and the versions in use here."""
    names = ("qtg", "numpy", "numba", "polars", "duckdb")
    return Machine(_cpu(), processors(), platform.python_version(), {n: _version(n) for n in names})


def load_average() -> float | None:
    """Runnable processes, mean of the last minute; None where the system does not say."""
    try:
        return round(os.getloadavg()[0], 2)
    except (AttributeError, OSError):
        return None


def load_text(loads: tuple[float | None, float | None]) -> str:
    """Load average before and after a measurement, for people."""
    return " -> ".join("unknown" if load is None else f"{load:.2f}" for load in loads)


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
