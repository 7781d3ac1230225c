"""A sweep on the command line: a line per point of its grid, and what failed."""

import json
from typing import TYPE_CHECKING, Any

from ..terminal import Column, print_table, print_text
from .plan import as_text
from .row import FAILED, FIGURES, SPEEDS
from .table import numbers_of

if TYPE_CHECKING:
    import polars as pl

    from .result import Sweep

_POINTS, _FAILURES = 50, 10  # that are shown
_FIGURES = ("orders", "trades")  # where there is no measure


def print_sweep(sweep: "Sweep", as_json: bool) -> None:
    """Means over the seeds with their standard errors, then the failures; or every run as JSON."""
    counts = sweep.counts()
    if as_json:
        path = None if sweep.path is None else str(sweep.path)
        told = {"name": sweep.name, "path": path, **counts}
        print(json.dumps({**told, "runs": json.loads(sweep.runs.write_json())}, indent=1))
        return
    points = sweep.points
    print_table(_columns(sweep, points.head(_POINTS)), sweep.name, keyed=False)
    if points.height > _POINTS:
        print_text(f"and {points.height - _POINTS:,} points more; --json has every run")
    print()
    print_text(", ".join(f"{n:,} {status}" for status, n in counts.items() if n))
    for row in sweep.failures.head(_FAILURES).to_dicts():
        point = as_text({path: row[path] for path in sweep.paths if row[path] is not None})
        print_text(f"{FAILED}: run {row['run_id']} ({point}, seed {row['seed']}): {row['error']}")
    if counts["failed"] > _FAILURES:
        print_text(f"and {counts['failed'] - _FAILURES:,} failures more; --json has them")
    print(f"sweep {sweep.path or 'in memory'}")  # a path to copy is not folded


def _columns(sweep: "Sweep", points: "pl.DataFrame") -> list[Column]:
    runs = [
        str(n) if n == complete else f"{complete} of {n}"
        for n, complete in points.select("runs", "complete").rows()
    ]
    settings = [
        Column(_short(path, sweep.paths), [_value(each) for each in points[path]], right=True)
        for path in sweep.paths
    ]
    numbers = [name for name in numbers_of(sweep.runs, sweep.paths) if name not in _ALWAYS]
    means = [
        Column(name, list(map(_mean, points[name], points[f"{name}_se"])), right=True)
        for name in numbers or _FIGURES
    ]
    return [*settings, Column("runs", runs, right=True), *means]


_ALWAYS = frozenset((*FIGURES, *SPEEDS, "seconds", "memory_mb"))


def _short(path: str, paths: list[str]) -> str:
    """The last part of a path, or as many as tell it from the others."""
    parts = path.split(".")
    for n in range(1, len(parts)):
        short = ".".join(parts[-n:])
        if sum(each == short or each.endswith(f".{short}") for each in paths) == 1:
            return short
    return path


def _value(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _mean(mean: float | None, error: float | None) -> str:
    if mean is None:
        return "-"
    return _number(mean) if error is None else f"{_number(mean)} ± {_number(error)}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"
