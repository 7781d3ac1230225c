"""Calls of kernels from Python.

numba looks at every array of every argument in every call, to choose what it has compiled for their
types: 0.1 us an array, and the tables of a tick have hundreds (measured: 4.8 us for `read_books`,
of which the kernel takes 0.2). But what a table's columns are is declared with its class. So a call
is known by the classes of its arguments, and numba is asked only about one that was not seen yet.
Arrays that are arguments themselves say their dtype, dimensions and layout each time.

A table must therefore hold what its class declares, contiguous, as `schemas.allocate` makes it; and
where a kernel takes a plain tuple, it is a tuple of the same tables in every call.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class _Known(NamedTuple):
    """A call that was seen before."""

    entry: Callable[..., Any]  # what numba compiled, with no look at types
    arrays: tuple[tuple[int, np.dtype, int, bool], ...]  # where, dtype, dimensions, contiguous


class KnownCalls:
    """Goes before numba's dispatcher: remembers calls by the classes of their arguments.

    Of calls whose classes are the same and whose arrays are not, it remembers the first.
    """

    overloads: dict[Any, Any]  # numba's
    typeof_pyval: Callable[[Any], Any]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._known: dict[tuple[type, ...], _Known | None] = {}  # None: numba must look

    def __call__(self, *args: Any) -> Any:
        known = self._known.get(tuple(map(type, args)))
        if known is not None:
            entry, arrays = known
            for at, dtype, ndim, carray in arrays:
                array = args[at]
                if array.flags.carray != carray or array.ndim != ndim or array.dtype != dtype:
                    break
            else:
                return entry(*args)
        result = super().__call__(*args)  # type: ignore[misc]
        classes = tuple(map(type, args))
        if classes not in self._known:
            self._known[classes] = self._what_was_called(args)
        return result

    def _what_was_called(self, args: tuple[Any, ...]) -> _Known | None:
        arrays = [(at, arg) for at, arg in enumerate(args) if isinstance(arg, np.ndarray)]
        compiled = self.overloads.get(tuple(map(self.typeof_pyval, args)))
        if compiled is None or not all(_is_plain(array) for _, array in arrays):
            return None
        forms = ((at, array.dtype, array.ndim, array.flags.carray) for at, array in arrays)
        return _Known(compiled.entry_point, tuple(forms))


def _is_plain(array: np.ndarray) -> bool:
    """Whether an array is contiguous and writeable, or has any strides; else numba compiles for
    something in between (Fortran's order, what may not be written)."""
    return bool(array.flags.carray or not array.flags.forc)
