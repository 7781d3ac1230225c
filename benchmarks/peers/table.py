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
    table.add_column("messages go in by")
    for name in ("messages", "M msg/s", "qtg M msg/s", "qtg/peer"):
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
    if row.rate is None or row.qtg_rate is None or row.ratio is None:
        return [row.workload, row.engine, row.version, "", "", "", "", "", row.problem]
    figures = f"{row.messages:,}", _millions(row.rate), _millions(row.qtg_rate), f"{row.ratio:.1f}"
    return [row.workload, row.engine, row.version, row.batching, *figures, _answer(row)]


def _millions(rate: float) -> str:
    return f"{rate / 1e6:.3g}"


def _answer(row: Row) -> str:
    said = f"{', '.join(row.wrong)} differ" if row.wrong else "agrees"
    if row.unknown:
        said += f" ({', '.join(row.unknown)} not given)"
    if row.qtg_wrong:
        said += f"; QTG WRONG: {', '.join(row.qtg_wrong)}"
    return said
