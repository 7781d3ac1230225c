"""The one declaration of a table: a `NamedTuple` class whose fields are annotated columns.

    class Trades(NamedTuple):
        '''Fills, one row each.'''
        price: Annotated[I64, Col("price", "trade price")]

From that class come the kernel argument (the class itself: numba reads a NamedTuple of arrays
natively), the NumPy allocation, the Arrow schema, the SQL view and the data dictionary.

A column's *unit* says how people read the stored number:
`price`/`cash` int64 scaled by 1e-4, `shares` int64, `ns` nanoseconds UTC, `row` an index into
another table, `symbol` a row of the instruments, or the name of an enum in `schemas.enums`.
"""

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

I8 = NDArray[np.int8]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]
F64 = NDArray[np.float64]

PRICE_SCALE = 10_000
NO_ROW = -1

_PAGE = 4096
_STEP = 192  # three cache lines

T = TypeVar("T", bound=NamedTuple)


@dataclass(frozen=True)
class Col:
    """Unit and meaning of a column; `shape` names its trailing axes, if any."""

    unit: str
    doc: str
    shape: tuple[str, ...] = ()
    default: int = 0


class Column(NamedTuple):
    """A resolved column: what `Col` says plus its name and dtype."""

    name: str
    dtype: np.dtype
    unit: str
    doc: str
    shape: tuple[str, ...]
    default: int


@cache
def columns(table: type) -> tuple[Column, ...]:
    """The columns of a table class, in order."""
    hints = get_type_hints(table, include_extras=True)
    resolved = []
    for name in table._fields:  # type: ignore[attr-defined]
        array, col = get_args(hints[name])[:2]
        dtype = np.dtype(get_args(get_args(array)[1])[0])
        resolved.append(Column(name, dtype, col.unit, col.doc, col.shape, col.default))
    return tuple(resolved)


def allocate(table: type[T], *rows: int, **axes: int) -> T:
    """New arrays for every column, filled with the column's default.

    `rows` are the leading axes; a column declared with `shape=("level",)` gets a further axis
    of length `axes["level"]`. Every page is written here, so that a later kernel does not wait
    for the operating system to hand it out.
    """
    arrays = []
    for number, column in enumerate(columns(table)):
        shape = (*rows, *(axes[axis] for axis in column.shape))
        arrays.append(_staggered(number, shape, column.dtype))
        arrays[-1].fill(column.default)
    return table._make(arrays)


def _staggered(number: int, shape: tuple[int, ...], dtype: np.dtype) -> NDArray[Any]:
    """An array that starts at its own offset within a memory page.

    Large arrays all start at the same offset, so the same row of a dozen columns would fall into
    one set of the processor's first cache, and writing a row would evict the row itself.
    """
    size = int(np.prod(shape)) * dtype.itemsize
    block = np.empty(size + 2 * _PAGE, np.uint8)
    start = (number * _STEP - block.ctypes.data) % _PAGE
    return block[start : start + size].view(dtype).reshape(shape)


def record_array(table: type, *rows: int) -> np.recarray:
    """A table as an array of records: a row's values lie side by side, in whole cache lines.

    For tables whose rows are visited in random order. `array.price` is still the column, and a
    kernel writes `array[row].price`. Rows are filled with the columns' defaults.
    """
    array = empty_record_array(table, *rows)
    for column in columns(table):
        array[column.name].fill(column.default)
    return array


def empty_record_array(table: type, *rows: int) -> np.recarray:
    """A `record_array` whose rows have not been written, so that memory is taken as it is used."""
    declared = columns(table)
    packed = np.dtype([(column.name, column.dtype) for column in declared], align=True)
    width = 1 << (packed.itemsize - 1).bit_length()
    layout: Any = {
        "names": [column.name for column in declared],
        "formats": [column.dtype for column in declared],
        "offsets": [packed.fields[column.name][1] for column in declared],  # type: ignore[index]
        "itemsize": width,
    }
    record = np.dtype(layout, align=True)
    block = np.empty(int(np.prod(rows)) * width + _PAGE, np.uint8)
    start = -block.ctypes.data % _PAGE
    array: np.recarray = (
        block[start : len(block) - _PAGE + start].view(record).reshape(rows).view(np.recarray)
    )
    return array


def grown_record_array(table: type, old: np.recarray, length: int) -> np.recarray:
    """A copy of an array of records that is `length` long on its last axis."""
    new = record_array(table, *old.shape[:-1], length)
    new[..., : old.shape[-1]] = old
    return new


def grown(old: T, length: int) -> T:
    """A copy of a table that is `length` long, the new rows at their default."""
    new = allocate(type(old), length)
    for column, array in zip(new, old, strict=True):
        column[: len(array)] = array
    return new


def taken(table: T, rows: Any) -> T:
    """The given rows of every column (a copy unless `rows` is a slice)."""
    return type(table)(*(array[rows] for array in table))


def nbytes(*tables: Any) -> int:
    """Bytes held by these tables."""
    return sum(array.nbytes for table in tables for array in table)


__all__ = [
    "F64",
    "I8",
    "I32",
    "I64",
    "NO_ROW",
    "PRICE_SCALE",
    "U64",
    "Annotated",
    "Col",
    "Column",
    "allocate",
    "columns",
    "empty_record_array",
    "grown",
    "grown_record_array",
    "nbytes",
    "record_array",
    "taken",
]
