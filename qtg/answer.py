"""A query's answer as text."""

import re
import sys
from typing import TYPE_CHECKING, Any

from .config.spelling import nearest
from .errors import StorageError
from .store.source import SETTINGS
from .terminal import Column, fitting_widths, print_table, print_text, width_of

if TYPE_CHECKING:
    import polars as pl

    from .result import Result

ROWS = 50  # on a terminal; a file or a pipe gets all
RECORDS = 10  # the same where every row takes many lines


def ask(run: "Result", query: str) -> "pl.DataFrame":
    """The answer to a SQL query.

    Raises
    ------
    StorageError    the query cannot be answered; where it names no table, says which there are
    """
    from polars.exceptions import PolarsError

    try:
        return run.sql(query)
    except StorageError as error:
        missing = re.search(r"Table with name (\S+) does not exist", str(error))
        if not missing:
            raise
        raise StorageError(_no_table(run, missing[1])) from None
    except PolarsError as error:
        reason = str(error).split(" Hint:")[0].rstrip(". ")
        hint = "cast that column, as with ::VARCHAR"
        raise StorageError(f"the answer cannot be shown: {reason}; {hint}") from None


def _no_table(run: "Result", name: str) -> str:
    from qtg.schemas import STORED

    tables = ", ".join(run.tables)
    if name in STORED:
        hint = f"set {SETTINGS[name]} and run again; " if name in SETTINGS else ""
        return f"this run did not store {name}; {hint}it has {tables}"
    close = nearest(name, run.tables)
    meant = f"did you mean {close!r}? " if close else ""
    return f"no table is called {name!r}; {meant}there are {tables}"


def print_frame(frame: "pl.DataFrame", as_json: bool) -> None:
    """Print a query's answer: all of it as JSON or to a pipe, its first rows on a terminal."""
    if as_json:
        import polars.selectors as cs

        print(frame.with_columns(cs.binary().bin.encode("hex")).write_json())
        return
    if not frame.width:
        return
    shown = frame
    if sys.stdout.isatty():
        shown = frame.head(ROWS)
        if not fitting_widths(columns_of(shown), width_of(sys.stdout)):
            shown = frame.head(RECORDS)
    print_table(columns_of(shown), keyed=False)
    if not frame.height:
        print("no rows")
    elif shown.height < frame.height:
        more = frame.height - shown.height
        print_text(f"and {more:,} rows more; a pipe or file gets all of them, as does --json")


def columns_of(frame: "pl.DataFrame") -> list[Column]:
    """The columns of a frame as text.

    >>> import polars as pl
    >>> [column.cells for column in columns_of(pl.DataFrame({"a": [1.5, None], "b": ["x", "y"]}))]
    [['1.5', 'null'], ['x', 'y']]
    """
    import polars as pl

    texts = (pl.String, pl.Categorical, pl.Enum)
    return [
        Column(
            series.name,
            _cells(series),
            right=series.dtype.is_numeric(),
            folds=series.dtype in texts or series.dtype.is_nested(),
        )
        for series in frame
    ]


def _cells(series: "pl.Series") -> list[str]:
    import polars as pl

    if series.dtype == pl.Datetime:
        series = series.dt.to_string("%Y-%m-%d %H:%M:%S%.f")
    values = series.to_list()
    if series.dtype.is_float():
        return _decimals(values)
    return ["null" if value is None else _text(value) for value in values]


def _decimals(values: list[float | None]) -> list[str]:
    """Numbers with as many decimals as the longest needs, at most six; tiny and huge ones in full.

    >>> _decimals([184.5, 62.0711111111, None]), _decimals([1.0, 2.0]), _decimals([1e-9, 2.0])
    (['184.500000', '62.071111', 'null'], ['1.0', '2.0'], ['1e-09', '2.0'])
    """
    finite = [abs(value) for value in values if value is not None and value - value == 0]
    if any(size >= 1e15 or 0 < size < 1e-4 for size in finite):
        return ["null" if value is None else repr(value) for value in values]
    tails = (f"{size:.6f}".partition(".")[2].rstrip("0") for size in finite)
    digits = max((len(tail) for tail in tails), default=1) or 1
    return ["null" if value is None else f"{value:.{digits}f}" for value in values]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).translate(_CONTROL)


_CONTROL = {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t", 27: "\\x1b"}
