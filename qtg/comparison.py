"""Where two runs, simulations or snapshots part ways."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import StorageError
from .result import Result, open_run
from .simulation import Simulation
from .state import Snapshot, capture, read_snapshot
from .state.compare import compare_states

if TYPE_CHECKING:
    import polars as pl

Comparable = Simulation | Snapshot | Result | str | Path
_ORDER = ("orders", "trades", "news", "borrows", "halts", "quotes", "depth", "candles")
_WALL_CLOCK = "_ns"  # columns of `metrics` that are times of this machine


@dataclass(frozen=True)
class Comparison:
    """What `qtg.compare` found.

    Attributes
    ----------
    equal : bool
    text : str                 one sentence
    frame : polars.DataFrame   a row for each part of the state, or table, that differs: its first
        difference
    """

    equal: bool
    text: str
    frame: pl.DataFrame

    def __str__(self) -> str:
        return self.text if self.equal else f"{self.text}\n{self.frame}"


def compare(a: Comparable, b: Comparable) -> Comparison:
    """Compare two simulations or snapshots bit by bit, or the tables of two runs.

    Parameters
    ----------
    a, b : Simulation, Snapshot or path of one; or Result or path of a run directory

    Raises
    ------
    StorageError    one cannot be read, or a run is given with a snapshot

    Examples
    --------
    >>> import qtg
    >>> sim = qtg.Simulation(qtg.Config.preset("quick_test")).run(5)
    >>> child = sim.fork()
    >>> compare(sim, child).equal
    True
    >>> _ = child.step()
    >>> compare(sim, child).frame.columns
    ['part', 'differ', 'market', 'agent', 'at', 'first', 'second']
    """
    one, other = _opened(a), _opened(b)
    if isinstance(one, Result) and isinstance(other, Result):
        return _runs(one, other)
    if isinstance(one, Snapshot) and isinstance(other, Snapshot):
        return _states(one, other)
    raise StorageError("a run cannot be compared with a snapshot; give two of the same")


def _opened(given: Comparable) -> Snapshot | Result:
    if isinstance(given, Simulation):
        return capture(given)
    if isinstance(given, (str, Path)):
        return open_run(given) if Path(given).is_dir() else read_snapshot(given)
    return given


def _states(a: Snapshot, b: Snapshot) -> Comparison:
    import polars as pl

    found = compare_states(a, b)
    schema = {
        "part": pl.String,
        "differ": pl.Int64,
        "market": pl.String,
        "agent": pl.Int64,
        "at": pl.String,
        "first": pl.String,
        "second": pl.String,
    }
    frame = pl.DataFrame(found, schema=schema, orient="row")
    if not found:
        hashes = ", ".join(a.trace_hashes)
        return Comparison(True, f"equal: tick {a.tick}, trace {hashes}", frame)
    ticks = f"tick {a.tick}" if a.tick == b.tick else f"ticks {a.tick} and {b.tick}"
    first = found[0]
    agent = None if first.agent is None else f"agent {first.agent}"
    about = ", ".join(each for each in (first.market, agent) if each)
    where = f" ({about})" if about else ""
    text = f"different: {ticks}, first in {first.part}{where}: {first.first} and {first.second}"
    return Comparison(False, text, frame)


def _runs(a: Result, b: Result) -> Comparison:
    """The first row of each table that differs; the sentence is about the earliest tick."""
    import polars as pl

    rows = []
    both = [name for name in a.tables if name in b.tables]
    for name in sorted(both, key=lambda name: _ORDER.index(name) if name in _ORDER else 99):
        rows += _tables(name, _plain(a.table(name)), _plain(b.table(name)))
    rows += [(name, None, None, "there", "missing", 0) for name in a.tables if name not in both]
    rows += [(name, None, None, "missing", "there", 0) for name in b.tables if name not in both]
    schema = {
        "table": pl.String,
        "tick": pl.Int64,
        "column": pl.String,
        "first": pl.String,
        "second": pl.String,
        "row": pl.Int64,
    }
    frame = pl.DataFrame(rows, schema=schema, orient="row").sort(
        "tick", nulls_last=True, maintain_order=True
    )
    if not rows:
        return Comparison(True, f"equal: {len(both)} tables, trace {a.trace_hash}", frame)
    table, tick, column, first, second, row = frame.row(0)
    text = f"different: first at tick {tick} in {table}.{column} (row {row}): {first} and {second}"
    return Comparison(False, text, frame)


def _tables(name: str, a: pl.DataFrame, b: pl.DataFrame) -> list[tuple[Any, ...]]:
    """The first row in which two tables differ, or nothing."""
    columns = [each for each in a.columns if each in b.columns and not each.endswith(_WALL_CLOCK)]
    n = min(a.height, b.height)
    one, other = a.select(columns).head(n), b.select(columns).head(n)
    differ = [(one[each].ne_missing(other[each])).arg_true() for each in columns]
    firsts = {each: int(at[0]) for each, at in zip(columns, differ, strict=True) if len(at)}
    if firsts:
        column = min(firsts, key=lambda each: firsts[each])
        row = firsts[column]
        tick = one["tick"][row] if "tick" in columns else None
        return [(name, tick, column, str(one[column][row]), str(other[column][row]), row)]
    if a.height != b.height:
        longer = a if a.height > b.height else b
        tick = longer["tick"][n] if "tick" in columns else None
        return [(name, tick, "rows", str(a.height), str(b.height), n)]
    return []


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Names as texts, which can be compared whatever else a run has."""
    import polars as pl
    import polars.selectors as cs

    return frame.with_columns(cs.by_dtype(pl.Categorical, pl.Enum).cast(pl.String))
