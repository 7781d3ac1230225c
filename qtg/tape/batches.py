"""Columns as Arrow record batches, and back.

A batch stands alone, without its schema: the tape's header names the columns and their types. It
is never compressed, so that nothing has to be allocated by a number that the batch itself gives;
values are the stored codes and integers, without nulls.
"""

import struct
from functools import cache
from typing import Any, NamedTuple, TypeVar

import numpy as np

from qtg.schemas import columns

T = TypeVar("T", bound=NamedTuple)

_HEADER, _COMPRESSION = 2, 3  # numbers of fields in the tables Message and RecordBatch of Arrow


def column_types(table: type) -> list[tuple[str, np.dtype, str]]:
    """Name, dtype and unit of each column.

    >>> from qtg.inputs import Regimes
    >>> column_types(Regimes)
    [('regime', dtype('int8'), 'Regime')]
    """
    return [(column.name, column.dtype, column.unit) for column in columns(table)]


@cache
def plain_schema(table: type) -> Any:
    """The Arrow schema of a table's stored numbers."""
    import pyarrow as pa

    return pa.schema(
        pa.field(name, pa.from_numpy_dtype(dtype), nullable=False)
        for name, dtype, _ in column_types(table)
    )


def to_batch(table: NamedTuple) -> bytes:
    """Columns of equal length as an encapsulated Arrow message."""
    import pyarrow as pa

    arrays = [pa.array(column) for column in table]
    batch = pa.RecordBatch.from_arrays(arrays, schema=plain_schema(type(table)))
    return batch.serialize().to_pybytes()  # type: ignore[no-any-return]


def from_batch(data: memoryview, table: type[T], rows: int) -> T:
    """The columns in an Arrow message that nobody vouches for; a copy.

    Raises
    ------
    ValueError    it is no record batch of `rows` rows of this table
    """
    import pyarrow as pa

    try:
        message = pa.ipc.read_message(pa.py_buffer(data))
        if message.type != "record batch" or _is_compressed(memoryview(message.metadata)):
            raise ValueError("no plain record batch")
        batch = pa.ipc.read_record_batch(message, plain_schema(table))
        batch.validate(full=True)
    except (pa.ArrowException, OSError, MemoryError, EOFError, struct.error, IndexError) as error:
        reason = str(error).strip().splitlines()
        raise ValueError(f"no Arrow record batch: {reason[0] if reason else error!r}") from None
    if batch.num_rows != rows:
        raise ValueError(f"a batch of {batch.num_rows} rows instead of {rows}")
    values = (_values(batch.column(each.name), each.dtype) for each in columns(table))
    return table._make(values)


def _values(array: Any, dtype: np.dtype) -> np.ndarray:
    if array.null_count:
        raise ValueError("a value is missing")
    values = array.buffers()[1]
    if values is None:
        return np.zeros(0, dtype)
    return np.frombuffer(values, dtype, len(array), array.offset * dtype.itemsize).copy()


def _is_compressed(metadata: memoryview) -> bool:
    """Whether an Arrow message, whose metadata Arrow has checked, has a compressed body."""
    message = _u32(metadata, 0)
    header = _place(metadata, message, _HEADER)
    if not header:
        raise ValueError("an Arrow message without a header")
    return _place(metadata, header + _u32(metadata, header), _COMPRESSION) != 0


def _place(data: memoryview, table: int, field: int) -> int:
    """Where a field of a flatbuffers table lies, or 0 if it is not there."""
    vtable = table - struct.unpack_from("<i", data, table)[0]
    size, entry = _u16(data, vtable), 4 + 2 * field
    offset = _u16(data, vtable + entry) if entry + 2 <= size else 0
    return table + offset if offset else 0


def _u32(data: memoryview, at: int) -> int:
    return int(struct.unpack_from("<I", data, at)[0])


def _u16(data: memoryview, at: int) -> int:
    return int(struct.unpack_from("<H", data, at)[0])


__all__ = ["column_types", "from_batch", "plain_schema", "to_batch"]
