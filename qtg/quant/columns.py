"""What goes in and comes out: NumPy arrays, polars Series and polars frames of float64."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import polars as pl

from qtg.schemas import F64

from ..errors import ConfigError

C = TypeVar("C", F64, pl.Series, pl.DataFrame)
Columns = F64 | pl.Series | pl.DataFrame


def array_of(where: str, x: Any) -> F64:
    """The columns as one float64 array in row order that may be written to.

    A Series is (time,), a frame (time, market), one column for each market. Nulls become NaN.
    """
    if isinstance(x, pl.Series | pl.DataFrame):
        x = _from_polars(where, x)
    if not isinstance(x, np.ndarray):
        raise ConfigError(
            f"{where} is a {type(x).__name__}; pass a NumPy array or polars Series or DataFrame"
        )
    if x.dtype != np.float64:
        raise ConfigError(f"{where} is an array of {x.dtype}; use .astype(float)")
    return np.require(x, requirements=["C", "W"])


def arrays_of(where: str, inputs: dict[str, Any]) -> list[F64]:
    """The inputs by name, as arrays of one shape, (time,) or (time, market)."""
    arrays = [array_of(f"{where}: {name}", x) for name, x in inputs.items()]
    (first, first_x), *others = inputs.items()
    for (name, x), array in zip(others, arrays[1:], strict=True):
        if array.shape != arrays[0].shape:
            raise ConfigError(
                f"{where}: {name} has shape {array.shape} but {first} has {arrays[0].shape}; "
                "pass inputs of one shape"
            )
        if isinstance(x, pl.DataFrame) and x.columns != getattr(first_x, "columns", x.columns):
            raise ConfigError(
                f"{where}: the columns of {name} are {x.columns} but those of {first} are "
                f"{first_x.columns}; pass the same markets in one order"
            )
    return arrays


def check_rows(where: str, name: str, array: F64) -> None:
    """Refuse what is not (time,) or (time, market), or has no rows."""
    if array.ndim not in (1, 2) or len(array) < 1:
        raise ConfigError(
            f"{where}: {name} has shape {array.shape}; pass (time,) or (time, market) "
            "with at least one row"
        )


def like(model: Any, result: F64, name: str | None = None) -> Any:
    """The array as what `model` is: an array, a Series (of its name), a frame of its columns."""
    if isinstance(model, pl.Series):
        return pl.Series(model.name if name is None else name, result)
    if isinstance(model, pl.DataFrame):
        return pl.DataFrame(result, schema=model.columns)
    return result


def mapped(where: str, function: Callable[..., F64], **inputs: Any) -> Any:
    """`function` of the inputs as arrays; its result has their shape, and the first one's type."""
    arrays = arrays_of(where, inputs)
    first = next(iter(inputs))
    check_rows(where, first, arrays[0])
    with np.errstate(all="ignore"):
        return like(inputs[first], function(*arrays))


def reduced(where: str, measure: Callable[..., F64], **inputs: Any) -> Any:
    """`measure` over time, of arrays (market, time) to (market, 1).

    A float for one market ((time,) or a Series), a frame of one row for a frame.
    """
    arrays = arrays_of(where, inputs)
    first, model = next(iter(inputs.items()))
    check_rows(where, first, arrays[0])
    with np.errstate(all="ignore"):
        result = measure(*(np.ascontiguousarray(a.T.reshape(-1, len(a))) for a in arrays))[:, 0]
    if isinstance(model, pl.DataFrame):
        return like(model, result[np.newaxis])
    return result if arrays[0].ndim == 2 else float(result[0])


def _from_polars(where: str, x: pl.Series | pl.DataFrame) -> Any:
    series = x.get_columns() if isinstance(x, pl.DataFrame) else [x]
    for column in series:
        if column.dtype != pl.Float64:
            what = f"Series of {column.dtype}"
            if isinstance(x, pl.DataFrame):
                what = f"frame whose column {column.name!r} is {column.dtype}"
            raise ConfigError(f"{where} is a {what}; use .cast(pl.Float64)")
    return x.to_numpy()
