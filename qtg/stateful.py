"""What changes over a run, named by the class that owns it, as plain values and arrays."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

import numpy as np

from .errors import SnapshotError

State = dict[str, Any]
T = TypeVar("T")


class Stateful:
    """Says in `STATE` what changes over a run: attributes, or parts of them (`rows.working`).

    What is not named there either follows from the configuration or is written anew in each tick
    before it is read. A state is nested dicts and lists of ints, floats, texts, None and arrays.
    """

    STATE: ClassVar[tuple[str, ...]] = ()

    def state(self) -> State:
        """What changes over a run; the arrays are not copies, and change with the next tick."""
        return {path: shown(_part(self, path)) for path in self.STATE}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state of an object that was built from the same configuration.

        Raises
        ------
        SnapshotError    a part is missing, or has another shape or type
        """
        for path in self.STATE:
            where = f"{type(self).__name__}.{path}"
            holder, _, name = path.rpartition(".")
            new = put(_part(self, path), found(state, path), where)
            if not holder:
                setattr(self, name, new)


def shown(value: Any) -> Any:
    """An attribute as a state; arrays are not copied."""
    if isinstance(value, Stateful):
        return value.state()
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: shown(part) for name, part in zip(value._fields, value, strict=True)}
    return [shown(part) for part in value] if isinstance(value, (list, tuple)) else value


def put(current: T, saved: Any, where: str) -> T:
    """What `current` becomes by a saved state: arrays are written to in their place."""
    into: Any = current
    if isinstance(into, np.ndarray):
        into[...] = checked(saved, into.dtype, into.shape, where)
    elif isinstance(into, Stateful):
        into.restore(saved)
    elif isinstance(into, tuple) and hasattr(into, "_fields"):
        for name, part in zip(into._fields, into, strict=True):
            new = put(part, found(saved, name), f"{where}.{name}")
            if not isinstance(part, (np.ndarray, tuple)) and new != part:
                raise SnapshotError(f"{where}.{name} is {new!r} in the snapshot, {part!r} here")
    elif isinstance(into, (list, tuple)):
        if not isinstance(saved, list) or len(saved) != len(into):
            raise SnapshotError(f"{where} has another length in the snapshot")
        for at, (part, its) in enumerate(zip(into, saved, strict=True)):
            put(part, its, f"{where}.{at}")
    else:
        if type(saved) is not type(into):
            was, now = type(saved).__name__, type(into).__name__
            raise SnapshotError(f"{where} is of type {was} in the snapshot, {now} here")
        return saved  # type: ignore[no-any-return]
    return current


def checked(saved: Any, dtype: np.dtype, shape: tuple[int, ...], where: str) -> np.ndarray:
    """An array of a state, if it has this type and shape; -1 stands for any length."""
    if not isinstance(saved, np.ndarray):
        raise SnapshotError(f"{where} is no array in the snapshot")
    if fields_of(saved.dtype) != fields_of(dtype):
        raise SnapshotError(f"{where} is of type {saved.dtype} in the snapshot, {dtype} here")
    fits = len(saved.shape) == len(shape) and all(
        there in (-1, given) for given, there in zip(saved.shape, shape, strict=True)
    )
    if not fits:
        raise SnapshotError(f"{where} has shape {saved.shape} in the snapshot, {shape} here")
    return saved


def fields_of(dtype: np.dtype) -> Any:
    """What tells two types apart: names, formats and places of a record's fields."""
    if dtype.fields is None:
        return dtype.str
    fields = dtype.fields.items()
    return (*((name, its[0].str, its[1]) for name, its in fields), dtype.itemsize)


def found(state: Any, name: str) -> Any:
    """A part of a state."""
    if not isinstance(state, Mapping) or name not in state:
        raise SnapshotError(f"the snapshot has no {name}")
    return state[name]


def whole(state: Any, name: str, low: int, high: int) -> int:
    """A whole number of a state, from `low` to `high`."""
    number = found(state, name)
    if type(number) is not int or not low <= number <= high:
        raise SnapshotError(f"{name} is {number!r} in the snapshot, not {low} to {high}")
    return number


def table_of(table: type[T], saved: Any, where: str) -> T:
    """New columns of a table, as many rows as were saved."""
    from qtg.schemas import columns

    arrays: list[np.ndarray] = []
    for column in columns(table):  # type: ignore[arg-type]
        rows = len(arrays[0]) if arrays else -1
        its = found(saved, column.name)
        arrays.append(checked(its, column.dtype, (rows,), f"{where}.{column.name}").copy())
    return table(*arrays)


def kept(state: Any) -> Any:
    """A copy of a state that does not change with the run."""
    if isinstance(state, np.ndarray):
        return state.copy()
    if isinstance(state, dict):
        return {name: kept(part) for name, part in state.items()}
    return [kept(part) for part in state] if isinstance(state, list) else state


def _part(owner: Any, path: str) -> Any:
    for name in path.split("."):
        owner = getattr(owner, name)
    return owner
