"""Arrow form of a table: what the Parquet parts hold and what data frames are made of.

Numbers stay the stored integers; the unit of each column travels as field metadata. Symbols,
strategy kinds and enums become dictionary columns, so that every reader sees names.
"""

from collections.abc import Sequence
from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from . import enums
from .columns import NO_ROW, Column, columns

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T", bound=NamedTuple)


def enum_of(unit: str) -> type[IntEnum] | None:
    """The enum that a unit names, or None."""
    found = getattr(enums, unit, None)
    is_enum = isinstance(found, type) and issubclass(found, IntEnum) and found is not IntEnum
    return found if is_enum else None


def labels(unit: str, symbols: Sequence[str], kinds: Sequence[str]) -> list[str] | None:
    """The names that a column of this unit takes its values from; None for a plain number."""
    if unit == "symbol":
        return list(symbols)
    if unit == "kind":
        return list(kinds)
    enum = enum_of(unit)
    return None if enum is None else [member.name.lower() for member in enum]


def is_optional(column: Column) -> bool:
    """Whether a column of names may hold none (NO_ROW, its default then)."""
    named = column.unit in ("symbol", "kind") or enum_of(column.unit) is not None
    return named and column.default == NO_ROW


def arrow_schema(table: type, metadata: dict[str, str] | None = None) -> "pa.Schema":
    """Arrow schema of a stored table.

    Parameters
    ----------
    table : type        a table class
    metadata : dict     metadata of the whole schema; Parquet keeps it in the footer

    Returns
    -------
    pyarrow.Schema      symbols and kinds dictionary<int32, string>, enums dictionary<int8,
                        string>, `ns` columns timestamp[ns] in UTC, everything else as declared;
                        a field is nullable if it is a name that may be missing
    """
    import pyarrow as pa

    fields = [
        pa.field(
            column.name,
            _arrow_type(column),
            nullable=is_optional(column),
            metadata={"unit": column.unit},
        )
        for column in columns(table)
    ]
    return pa.schema(fields, metadata=metadata)


def table_to_arrow(
    table: NamedTuple,
    symbols: Sequence[str],
    kinds: Sequence[str] = (),
    metadata: dict[str, str] | None = None,
) -> "pa.Table":
    """Arrow table that shares memory with the given columns (enum codes excepted).

    Parameters
    ----------
    table : a table of (n,) columns, as declared in `qtg.schemas`
    symbols, kinds : names by row, for columns with the unit `symbol` or `kind`

    Raises
    ------
    ValueError    a code stands for no symbol, kind or enum member

    Examples
    --------
    >>> from qtg.schemas import Instruments, allocate
    >>> table_to_arrow(allocate(Instruments, 1), ["AAPL"])["symbol"].to_pylist()
    ['AAPL']
    """
    import pyarrow as pa

    schema = arrow_schema(type(table), metadata)
    arrays = [
        _arrow_array(column, values, labels(column.unit, symbols, kinds))
        for column, values in zip(columns(type(table)), table, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def table_from_arrow(
    batch: "pa.RecordBatch", table: type[T], symbols: Sequence[str], kinds: Sequence[str] = ()
) -> T:
    """The columns of an Arrow batch as the engine has them: the reverse of `table_to_arrow`.

    Parameters
    ----------
    batch : pyarrow.RecordBatch    with the columns of `table`
    table : type                   a table class
    symbols, kinds : names by row, for columns with the unit `symbol` or `kind`

    Returns
    -------
    table    a copy, so that its columns may be written to

    Raises
    ------
    ValueError    a name is no symbol, kind or enum member

    Examples
    --------
    >>> from qtg.schemas import Instruments, allocate
    >>> batch = table_to_arrow(allocate(Instruments, 1), ["AAPL"]).to_batches()[0]
    >>> table_from_arrow(batch, Instruments, ["AAPL"]).symbol
    array([0], dtype=int32)
    """
    values = [
        _column_values(column, batch.column(column.name), labels(column.unit, symbols, kinds))
        for column in columns(table)
    ]
    return table(*values)


def _column_values(column: Column, array: Any, names: list[str] | None) -> Any:
    import pyarrow as pa

    if names is None:
        if column.unit == "ns":
            array = array.view(pa.int64())
        return np.array(array.to_numpy(zero_copy_only=False), column.dtype)
    enum = enum_of(column.unit)
    codes = range(len(names)) if enum is None else [int(member) for member in enum]
    code_of = dict(zip(names, codes, strict=True))
    there = array.dictionary.to_pylist()
    unknown = [name for name in there if name not in code_of]
    if unknown:
        raise ValueError(f"column {column.name}: {unknown[0]!r} is no {column.unit}")
    lookup = np.array([*(code_of[name] for name in there), NO_ROW], column.dtype)
    places = array.indices.fill_null(len(there)).to_numpy(zero_copy_only=False)
    return lookup[places]


def _arrow_type(column: Column) -> Any:
    import pyarrow as pa

    if column.unit in ("symbol", "kind"):
        return pa.dictionary(pa.int32(), pa.string())
    if enum_of(column.unit) is not None:
        return pa.dictionary(pa.int8(), pa.string())
    # Without a zone: DuckDB can neither truncate nor cast nanoseconds with one.
    return pa.timestamp("ns") if column.unit == "ns" else pa.from_numpy_dtype(column.dtype)


def _arrow_array(column: Column, values: Any, names: list[str] | None) -> Any:
    import pyarrow as pa

    if names is None:
        array = pa.array(values)
        return array.view(pa.timestamp("ns")) if column.unit == "ns" else array
    enum = enum_of(column.unit)
    codes = values if enum is None else _positions(enum)[values.view(np.uint8)]
    missing = values == NO_ROW if is_optional(column) else None
    try:
        indices = pa.array(codes, mask=missing)
        return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))
    except (pa.ArrowException, IndexError):
        known = range(len(names)) if enum is None else [int(member) for member in enum]
        wrong = ~np.isin(values, known)
        row = int(np.flatnonzero(wrong if missing is None else wrong & ~missing)[0])
        raise ValueError(
            f"column {column.name}, row {row}: {values[row]} is no {column.unit} "
            f"({len(names)} are known)"
        ) from None


@cache
def _positions(enum: type[IntEnum]) -> Any:
    """Place of each int8 code (read as uint8) in the enum's list of names; -1 if it is no code."""
    positions = np.full(256, -1, np.int8)
    for place, member in enumerate(enum):
        positions[np.int64(member) & 0xFF] = place
    return positions
