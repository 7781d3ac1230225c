"""Prints the data dictionary: `python -m qtg.schemas.dictionary > docs/data-dictionary.md`."""

import inspect
import re
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import get_type_hints

from . import agents, book, economy, enums, lifecycle, orders, records, traders
from .columns import columns

HEADING = """# Data dictionary

Every table and code of qtg. Written by `make docs` from the declarations in `schemas/`; do not
edit it by hand.

- [Stored tables](#stored-tables): what a run directory, `qtg.Result` and SQL hold
- [Units](#units): how to read a number
- [Codes](#codes) and [reasons](#reasons)
- [Other tables](#other-tables): what the engine works on
"""

UNITS = {
    "price": "int64 at 1e-4 of the currency; data frames and SQL views show the currency",
    "cash": "int64 at 1e-4 of the currency; data frames and SQL views show the currency",
    "quote": "a price where 0 means that there is none; data frames and SQL views show null",
    "shares": "whole shares",
    "ns": "nanoseconds since 1970 in UTC; a timestamp without a zone in data frames and SQL",
    "elapsed": "nanoseconds of wall clock",
    "tick": "number of a tick",
    "ticks": "a number of ticks; for prices, a number of tick sizes",
    "symbol": "row of the instruments; shown by name",
    "kind": "row of the run's list of strategy kinds; shown by name",
    "agent": "agent row; 0 is the background pool, 1 the house, -1 is anonymous",
    "market": "environment * symbols + symbol",
    "id": "a public number: order, trade or sequence number",
    "row": "index into another table; -1 is none",
    "flag": "1 or 0",
    "fraction": "a number, 0.01 is one percent",
    "-1..1": "a mood, from all against to all for",
    "enum name": "a code, see [Codes](#codes); shown by its name in lower case",
}

LIVE = (orders, lifecycle, book, agents, traders, economy)


def render() -> str:
    """The whole page as Markdown."""
    return "\n".join(_lines()) + "\n"


def tables_of(module: object) -> list[type]:
    """Table classes that a schema module declares, in order; composite tables are left out."""
    name = module.__name__  # type: ignore[attr-defined]
    found = [each for each in vars(module).values() if getattr(each, "__module__", "") == name]
    return [each for each in found if hasattr(each, "_fields") and _is_flat(each)]


def _is_flat(table: type) -> bool:
    hints = get_type_hints(table, include_extras=True)
    return all(hasattr(hint, "__metadata__") for hint in hints.values())


def _lines() -> Iterator[str]:
    yield HEADING
    yield "## Stored tables\n"
    for name, table in records.STORED.items():
        yield from _table(f"`{name}`", table)
    yield "## Units\n"
    yield from _grid(("unit", "meaning"), [(f"`{unit}`", text) for unit, text in UNITS.items()])
    yield "## Codes\n"
    for enum in _enums():
        yield from _codes(enum)
    yield "### Reasons\n"
    rows = [(str(int(r)), f"`{r.name}`", enums.REASON_TEXT[r]) for r in enums.Reason]
    yield from _grid(("code", "name", "meaning"), rows)
    yield "## Other tables\n"
    stored = set(records.STORED.values())
    for module in LIVE:
        for table in tables_of(module):
            if table not in stored:
                yield from _table(f"`{table.__name__}`", table)


def _table(title: str, table: type) -> Iterator[str]:
    yield f"### {title}\n"
    yield inspect.cleandoc(table.__doc__ or "") + "\n"
    rows = [
        (f"`{c.name}`", f"{c.dtype}{_axes(c.shape)}", f"`{c.unit}`", c.doc) for c in columns(table)
    ]
    yield from _grid(("column", "type", "unit", "meaning"), rows)


def _axes(shape: tuple[str, ...]) -> str:
    return f" per {' and '.join(shape)}" if shape else ""


def _enums() -> list[type[IntEnum]]:
    declared = [e for e in vars(enums).values() if isinstance(e, type) and e is not IntEnum]
    return [e for e in declared if issubclass(e, IntEnum) and e is not enums.Reason]


def _codes(enum: type[IntEnum]) -> Iterator[str]:
    yield f"### {enum.__name__}\n"
    own = vars(enum).get("__doc__")
    if own:
        yield inspect.cleandoc(own) + "\n"
    remarks = dict(re.findall(r"^\s+(\w+) = -?\d+\s*#\s*(.*)$", inspect.getsource(enum), re.M))
    rows = [(str(int(m)), f"`{m.name}`", remarks.get(m.name, "")) for m in enum]
    yield from _grid(("code", "name", "meaning"), rows)


def _grid(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


if __name__ == "__main__":
    print(render(), end="")
