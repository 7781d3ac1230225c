"""Rows of many columns at once, by their places in memory.

An environment is a row in some hundred columns of all types. One call from Python for each of them
takes longer than all the copying.
"""

import ctypes
from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from ._jit import kernel


class RowColumns(NamedTuple):
    """Columns of two owners whose rows follow each other without gaps, int64 (column,) each.

    Whoever makes this keeps the arrays alive, and where they are.
    """

    source: np.ndarray  # address of the first row
    target: np.ndarray  # likewise, of the column to write to
    size: np.ndarray  # bytes of a row


def _emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    byte = ir.IntType(8).as_pointer()
    to, start, n = args
    cgutils.raw_memcpy(builder, builder.inttoptr(to, byte), builder.inttoptr(start, byte), n, 1)
    return context.get_dummy_value()


def _typed(typing_context: Any, to: Any, start: Any, n: Any) -> tuple[Any, Callable[..., Any]]:
    return types.void(types.int64, types.int64, types.int64), _emit


def _interpreted(to: int, start: int, n: int) -> None:
    """The same while the JIT is off."""
    ctypes.memmove(int(to), int(start), int(n))


_typed.__name__ = "copy_bytes"
_config: Any = numba.config  # its names are made at run time
_copy_bytes = _interpreted if _config.DISABLE_JIT else intrinsic(_typed)


@kernel
def copy_rows(columns, rows, to):
    """Copy rows `rows` of all columns to the rows `to`, int64 (n,) each."""
    for c in range(len(columns.size)):
        size = columns.size[c]
        for k in range(len(rows)):
            _copy_bytes(columns.target[c] + to[k] * size, columns.source[c] + rows[k] * size, size)
