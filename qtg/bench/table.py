"""Printing a report: a table for people, JSON for programs."""

import json
from typing import IO, TYPE_CHECKING

from .machine import load_text
from .measure import Report, Row

if TYPE_CHECKING:
    from rich.table import Table

WIDTH = 120  # where there is no terminal to ask
_SCALES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))


def print_report(report: Report, file: IO[str]) -> None:
    """A rich table; plain text where the file is no terminal."""
    from rich.console import Console

    machine = report.machine
    versions = ", ".join(f"{name} {version}" for name, version in machine.packages.items())
    console = Console(file=file, highlight=False, width=None if file.isatty() else WIDTH)
    console.print(as_table(report.rows))
    console.print(f"{machine.cpu}, {machine.cores} cores, load {load_text(report.load)}")
    console.print(f"Python {machine.python}, {versions}")


def print_json(report: Report, file: IO[str]) -> None:
    """One JSON object: machine, load, rows."""
    print(json.dumps(report.as_dict(), indent=2), file=file)


def as_table(rows: tuple[Row, ...]) -> "Table":
    """Rows as a rich table."""
    from rich.table import Table

    table = Table(title="qtg bench", title_justify="left")
    table.add_column("benchmark", no_wrap=True)
    table.add_column("what")
    for name in ("median", "low", "high"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("runs", justify="right")
    table.add_column("result")
    table.add_column("note")
    for row in rows:
        value, low, high = (scaled(each) for each in (row.value, row.low, row.high))
        low, high = (f"{each} p{q * 100:g}" for each, q in zip((low, high), row.spread))
        cells = (row.name, row.what, value, low, high, row.unit, str(row.repeats))
        table.add_row(*cells, row.wrong or "ok", row.note)
    return table


def scaled(value: float) -> str:
    """A number with three digits and a metric prefix.

    >>> scaled(48_123_456.0), scaled(5.0), scaled(0.0123)
    ('48.1 M', '5', '0.0123')
    """
    for size, prefix in _SCALES:
        if abs(value) >= size:
            return f"{value / size:.3g} {prefix}".rstrip()
    return f"{value:.3g}"
