"""Printing the comparison."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import IO

from qtg.bench.machine import Machine, load_text
from qtg.bench.table import WIDTH

from .compare import Row

Loads = tuple[float | None, float | None]


def print_table(rows: Sequence[Row], machine: Machine, loads: Loads, file: IO[str]) -> None:
    """A rich table and a line about the machine."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="qtg and its peers, in turns", title_justify="left")
    for name in ("", "engine", "version"):
        table.add_column(name, no_wrap=True)
    table.add_column("input")
    for name in ("messages", "M/s", "qtg M/s", "qtg/peer", "at best"):
        table.add_column(name, justify="right")
    table.add_column("answer")
    for row in rows:
        table.add_row(*_cells(row))
    console = Console(file=file, highlight=False, width=None if file.isatty() else WIDTH)
    console.print(table)
    console.print(f"{machine.cpu}, {machine.cores} cores, load {load_text(loads)}; medians")


def print_json(rows: Sequence[Row], machine: Machine, loads: Loads, file: IO[str]) -> None:
    """One JSON object: machine, load, rows."""
    document = {"machine": asdict(machine), "load": loads, "rows": [asdict(row) for row in rows]}
    print(json.dumps(document, indent=2), file=file)


def _cells(row: Row) -> list[str]:
    start = [row.workload, row.engine, row.version, row.batching]
    if row.problem:
        return [*start, "", "", "", "", "", row.problem]
    rates = [_short(rate, 1e6) for rate in (row.rate, row.qtg_rate)]
    ratios = [_short(ratio) for ratio in (row.ratio, row.best_ratio)]
    return [*start, f"{row.messages:,}", *rates, *ratios, _answer(row)]


def _short(value: float | None, unit: float = 1.0) -> str:
    if value is None:
        return ""
    return f"{value / unit:,.0f}" if value >= 100 * unit else f"{value / unit:.3g}"


def _answer(row: Row) -> str:
    said = f"{', '.join(row.wrong)} differ" if row.wrong else "agrees"
    if row.unknown:
        said += f", no {', '.join(row.unknown)}"
    if row.qtg_wrong:
        said += f"; QTG WRONG: {', '.join(row.qtg_wrong)}"
    return said
