"""Printing a report: a table for people, JSON for programs."""

import json
from typing import IO

from qtg.terminal import Column, print_table, print_text

from .machine import load_text
from .measure import Report, Row

WIDTH = 120  # where there is no terminal to ask; of the peers' table
_SCALES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))


def print_report(report: Report, file: IO[str]) -> None:
    """A table that fits the terminal, and the machine."""
    machine = report.machine
    versions = ", ".join(f"{name} {version}" for name, version in machine.packages.items())
    print_table(as_columns(report.rows), "qtg bench", file=file)
    print(file=file)
    print_text(f"{machine.cpu}, {machine.cores} cores, load {load_text(report.load)}", file)
    print_text(f"Python {machine.python}, {versions}", file)


def print_json(report: Report, file: IO[str]) -> None:
    """One JSON object: machine, load, rows."""
    print(json.dumps(report.as_dict(), indent=2), file=file)


def as_columns(rows: tuple[Row, ...]) -> list[Column]:
    """Rows as the columns of a table, figures first."""
    low = [f"{scaled(row.low)} p{row.spread[0] * 100:g}" for row in rows]
    high = [f"{scaled(row.high)} p{row.spread[1] * 100:g}" for row in rows]
    return [
        Column("benchmark", [row.name for row in rows]),
        Column("median", [scaled(row.value) for row in rows], right=True),
        Column("unit", [row.unit for row in rows]),
        Column("low", low, right=True),
        Column("high", high, right=True),
        Column("runs", [str(row.repeats) for row in rows], right=True),
        Column("result", [row.wrong or "ok" for row in rows], folds=True),
        Column("what", [row.what for row in rows], folds=True),
        Column("note", [row.note for row in rows], folds=True),
    ]


def scaled(value: float) -> str:
    """A number with three digits and a metric prefix.

    >>> scaled(48_123_456.0), scaled(5.0), scaled(0.0123)
    ('48.1 M', '5', '0.0123')
    """
    for size, prefix in _SCALES:
        if abs(value) >= size:
            return f"{value / size:.3g} {prefix}".rstrip()
    return f"{value:.3g}"
