"""The rows of a sweep as one frame."""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .plan import Job
from .row import COMPLETE, FIGURES, SPEEDS, WAITING, Row

if TYPE_CHECKING:
    import polars as pl

_WHOLE = ("orders", "trades", "violations", "benched")


def table_of(jobs: Iterable[Job], rows: Mapping[int, Row], paths: list[str]) -> "pl.DataFrame":
    """One row per run, in the order of `run_id`.

    Returns
    -------
    polars.DataFrame    run_id, a column per setting of the grid, seed, status (complete, failed,
        waiting), error, trace_hash, the figures of a run's summary, a column per number of
        `measure`, then what tells the time: seconds, worker, memory_mb, ticks' times and rates.
        What a run does not have is null.
    """
    import polars as pl

    jobs = list(jobs)
    found = [rows.get(job.run_id) for job in jobs]
    columns = [
        pl.Series("run_id", [job.run_id for job in jobs], pl.Int64),
        *(_series(path, [job.changes.get(path) for job in jobs]) for path in paths),
        pl.Series("seed", [job.seed for job in jobs], pl.Int64),
        pl.Series("status", [row.status if row else WAITING for row in found], pl.String),
        pl.Series("error", [row and row.error for row in found], pl.String),
        pl.Series("trace_hash", [row and row.trace_hash for row in found], pl.String),
    ]
    for name in FIGURES:
        kind = pl.Int64 if name in _WHOLE else pl.Float64
        columns.append(pl.Series(name, [row and row.figures.get(name) for row in found], kind))
    names = dict.fromkeys(name for row in found if row for name in row.measures)
    columns += [_series(name, [row and row.measures.get(name) for row in found]) for name in names]
    columns += [
        pl.Series("seconds", [row and row.seconds for row in found], pl.Float64),
        pl.Series("worker", [row and row.worker for row in found], pl.String),
        pl.Series("memory_mb", [row and row.memory_mb for row in found], pl.Float64),
    ]
    for name in SPEEDS:
        values = [row and row.figures.get(name) for row in found]
        columns.append(pl.Series(name, values, pl.Float64))
    return pl.DataFrame(columns)


def _series(name: str, values: list[Any]) -> "pl.Series":
    """Values of a user's choice: as bools, whole numbers, floats or texts, whatever holds all."""
    import polars as pl

    kinds = {type(value) for value in values if value is not None}
    if kinds <= {bool}:
        return pl.Series(name, values, pl.Boolean)
    if kinds <= {int} and all(abs(value) < 2**63 for value in values if value is not None):
        return pl.Series(name, values, pl.Int64)
    if kinds <= {int, float}:
        return pl.Series(name, [None if v is None else float(v) for v in values], pl.Float64)
    return pl.Series(name, [_text(value) for value in values], pl.String)


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def numbers_of(runs: "pl.DataFrame", paths: list[str]) -> list[str]:
    """Columns that have a mean: neither settings nor names."""
    import polars as pl

    left_out = {"run_id", "seed", *paths}
    return [
        name
        for name, kind in runs.schema.items()
        if name not in left_out and (kind.is_numeric() or kind == pl.Boolean)
    ]


def by_point(runs: "pl.DataFrame", paths: list[str]) -> "pl.DataFrame":
    """One row per point of the grid, with means and standard errors over its complete runs."""
    import polars as pl

    complete = pl.col("status") == COMPLETE
    said = []
    for name in numbers_of(runs, paths):
        value = pl.col(name).cast(pl.Float64).filter(complete)
        said += [value.mean().alias(name), (value.std() / value.count().sqrt()).alias(f"{name}_se")]
    keys = [pl.col(path) for path in paths] or [pl.lit(0).alias("point")]
    table = runs.group_by(keys, maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("runs"),
        complete.sum().cast(pl.Int64).alias("complete"),
        *said,
    )
    return table if paths else table.drop("point")
