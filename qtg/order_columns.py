"""Order columns from whatever people hand in."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from qtg.schemas import Orders, columns

from .errors import OrderError


def as_orders(orders: Orders | Mapping[str, Any] | Any) -> Orders:
    """Order columns from an `Orders`, a mapping or a frame; absent columns at their default.

    Raises
    ------
    OrderError    unknown column, wrong dtype, or columns of unequal length
    """
    declared = columns(Orders)
    if isinstance(orders, Orders):
        given: dict[str, Any] = orders._asdict()
    elif isinstance(orders, Mapping):
        given = dict(orders)
    elif hasattr(orders, "columns"):
        given = {name: orders[name].to_numpy() for name in orders.columns}
    else:
        raise OrderError(f"orders must be columns by name, not {type(orders).__name__}")
    unknown = given.keys() - set(Orders._fields)
    if unknown:
        names = ", ".join(Orders._fields)
        raise OrderError(f"no order column is called {min(unknown)!r}; the columns are {names}")
    arrays = {
        column.name: _checked(given[column.name], column.name, column.dtype)
        for column in declared
        if column.name in given
    }
    lengths = {name: len(array) for name, array in arrays.items()}
    n = next(iter(lengths.values()), 0)
    for name, length in lengths.items():
        if length != n:
            first = next(iter(lengths))
            raise OrderError(
                f"order columns have unequal lengths: {first} has {n} rows, {name} has {length}"
            )
    return Orders(
        *(
            arrays[column.name]
            if column.name in arrays
            else _filled(n, column.default, column.dtype)
            for column in declared
        )
    )


def _filled(n: int, value: float, dtype: np.dtype) -> np.ndarray:
    return np.full(n, value, dtype) if value else np.zeros(n, dtype)


def _checked(values: Any, name: str, dtype: np.dtype) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim != 1:
        raise OrderError(f"order column {name} must have one dimension, it has {array.ndim}")
    if array.dtype == dtype:
        return np.ascontiguousarray(array)
    if array.size == 0:
        return np.zeros(0, dtype)
    if array.dtype.kind not in "iub":
        raise OrderError(f"order column {name} must hold integers ({dtype}), not {array.dtype}")
    limits = np.iinfo(dtype)
    if array.min() < limits.min or array.max() > limits.max:
        raise OrderError(f"order column {name} holds a number that does not fit {dtype}")
    return np.ascontiguousarray(array, dtype)
