"""Printing a report: a table for people, JSON for programs."""

import json
from typing import IO, TYPE_CHECKING

from .machine import load_text
from .measure import Report, Row

if TYPE_CHECKING:
    from rich.table import Table

_SCALES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "u"))


def print_report(report: Report, file: IO[str]) -> None:
    """A rich table; plain text where the file is no terminal."""
    from rich.console import Console

    machine = report.machine
    versions = ", ".join(f"{name} {version}" for name, version in machine.packages.items())
    console = Console(file=file, highlight=False)
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
    for name in ("benchmark", "what"):
        table.add_column(name)
    for name in ("median", "spread", "repeats"):
        table.add_column(name, justify="right")
    table.add_column("result")
    for row in rows:
        low, high = (scaled(value, row.unit) for value in (row.low, row.high))
        spread = f"p{row.spread[0]:.0%} {low} .. p{row.spread[1]:.0%} {high}".replace("%", "")
        result = row.wrong or "ok"
        value = scaled(row.value, row.unit)
        table.add_row(row.name, row.what, value, spread, str(row.repeats), result)
    return table


def scaled(value: float, unit: str) -> str:
    """A number with three digits and a metric prefix.

    >>> scaled(48_123_456.0, "messages/s"), scaled(0.0123, "s"), scaled(0.0, "s")
    ('48.1 M messages/s', '12.3 ms', '0 s')
    """
    for size, prefix in _SCALES:
        if abs(value) >= size:
            gap = " " if len(unit) > 2 and prefix else ""
            return f"{value / size:.3g} {prefix}{gap}{unit}"
    return f"{value:.3g} {unit}"
