"""Order and event columns from whatever people hand in."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np

from qtg.schemas import Events, OrderEvents, Orders, columns

from .errors import OrderError

T = TypeVar("T", bound=NamedTuple)


def as_orders(orders: Orders | Mapping[str, Any] | Any) -> Orders:
    """Order columns from an `Orders`, a mapping or a frame; absent columns at their default.

    Raises
    ------
    OrderError    unknown column, wrong dtype, or columns of unequal length
    """
    return _as_table(Orders, orders, "order")


def as_events(events: Events | OrderEvents | Mapping[str, Any] | Any) -> Events | OrderEvents:
    """Event columns from the tables themselves, a mapping or a frame; absent columns at their
    default.

    What has a column `sequence` is read as `OrderEvents`, anything else as `Events`.

    Raises
    ------
    OrderError    unknown column, wrong dtype, or columns of unequal length
    """
    if isinstance(events, OrderEvents) or "sequence" in _names(events):
        return _as_table(OrderEvents, events, "event")
    return _as_table(Events, events, "event")


def _names(table: Any) -> list[str]:
    return list(table) if isinstance(table, Mapping) else list(getattr(table, "columns", ()))


def _as_table(table: type[T], rows: Any, what: str) -> T:
    declared = columns(table)
    if isinstance(rows, table):
        given: dict[str, Any] = rows._asdict()
    elif isinstance(rows, Mapping):
        given = dict(rows)
    elif hasattr(rows, "columns"):
        given = {name: rows[name].to_numpy() for name in rows.columns}
    else:
        raise OrderError(f"{what}s must be columns by name, not {type(rows).__name__}")
    unknown = given.keys() - set(table._fields)
    if unknown:
        names = ", ".join(table._fields)
        raise OrderError(f"no {what} column is called {min(unknown)!r}; the columns are {names}")
    arrays = {
        column.name: _checked(given[column.name], f"{what} column {column.name}", column.dtype)
        for column in declared
        if column.name in given
    }
    lengths = {name: len(array) for name, array in arrays.items()}
    n = next(iter(lengths.values()), 0)
    for name, length in lengths.items():
        if length != n:
            first = next(iter(lengths))
            raise OrderError(
                f"{what} columns have unequal lengths: {first} has {n} rows, {name} has {length}"
            )
    return table._make(
        arrays[column.name] if column.name in arrays else _filled(n, column.default, column.dtype)
        for column in declared
    )


def _filled(n: int, value: float, dtype: np.dtype) -> np.ndarray:
    return np.full(n, value, dtype) if value else np.zeros(n, dtype)


def _checked(values: Any, name: str, dtype: np.dtype) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim != 1:
        raise OrderError(f"{name} must have one dimension, it has {array.ndim}")
    if array.dtype == dtype:
        return np.ascontiguousarray(array)
    if array.size == 0:
        return np.zeros(0, dtype)
    if array.dtype.kind not in "iu":
        raise OrderError(f"{name} must hold integers ({dtype}), not {array.dtype}")
    limits = np.iinfo(dtype)
    if array.min() < limits.min or array.max() > limits.max:
        raise OrderError(f"{name} holds a number that does not fit {dtype}")
    return np.ascontiguousarray(array, dtype)
