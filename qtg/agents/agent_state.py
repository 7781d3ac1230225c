"""What agents that are Python objects keep in themselves, as a state."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import SnapshotError
from .simple import Strategy

_PLAIN = (int, float, str, bool, type(None))


class Keeper:
    """Reads the attributes of the agents of one population.

    Parameters
    ----------
    name : str    of the strategy

    Raises
    ------
    SnapshotError    an attribute is neither a number, text, list, tuple, dict nor array, or two
                     attributes are one and the same list, dict or array
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._seen: dict[int, tuple[str, Any]] = {}  # by id: where a list, dict or array is
        self._where = ""

    def state_of(self, agent: Strategy, own: dict[str, float]) -> Any:
        """An agent's attributes; `own` are its parameters, which are known."""
        kind = type(agent)
        if all(callable(getattr(kind, name, None)) for name in ("state", "restore")):
            self._where = f"{kind.__name__}.state()"
            return ["own", self._value(agent.state())]  # type: ignore[attr-defined]
        kept = _attributes(agent)
        if kept.get("params") == own:
            del kept["params"]
        return ["plain", [[name, self._attribute(kind, name, kept[name])] for name in kept]]

    def _attribute(self, kind: type, name: str, value: Any) -> Any:
        self._where = f"{kind.__name__}.{name}"
        return self._value(value)

    def _value(self, value: Any) -> Any:
        """Plain values as they are; what else there is with a word that says what it is."""
        if type(value) in _PLAIN:
            return value
        if isinstance(value, np.generic):
            return ["scalar", np.asarray(value)]
        if type(value) is np.ndarray and value.dtype.kind in "biufcSUmM":
            self._own(_memory(value))
            return ["array", value]
        if type(value) in (list, tuple):
            if type(value) is list:
                self._own(value)
            return [type(value).__name__, [self._value(each) for each in value]]
        if type(value) is dict:
            self._own(value)
            pairs = [[self._value(key), self._value(each)] for key, each in value.items()]
            return ["dict", pairs]
        raise SnapshotError(
            f"strategy {self._name!r}: {self._where} is of type {type(value).__name__}, which a "
            "snapshot cannot keep; use numbers, text, lists, tuples, dicts and arrays, or give the "
            "class methods `state()` and `restore(state)` that do"
        )

    def _own(self, container: Any) -> None:
        """Refuse what is there twice: the two would part ways when they are restored."""
        if id(container) in self._seen:
            raise SnapshotError(
                f"strategy {self._name!r}: {self._where} is the same "
                f"{type(container).__name__} as {self._seen[id(container)][0]}, which a snapshot "
                "cannot keep; give each its own, or give the class methods `state()` and "
                "`restore(state)`"
            )
        self._seen[id(container)] = (self._where, container)


def revived(kind: type[Strategy], own: dict[str, float], saved: Any) -> Strategy:
    """An agent with the attributes of a state."""
    form, its = _pair(saved)
    if form == "own":
        agent = kind()
        agent.params = own  # type: ignore[misc]
        agent.restore(_loaded(its))  # type: ignore[attr-defined]
        return agent
    agent = kind.__new__(kind)  # not `kind()`: it has begun long ago
    agent.params = own  # type: ignore[misc]
    for each in its:
        name, value = _pair(each)
        setattr(agent, name, _loaded(value))
    return agent


def _loaded(saved: Any) -> Any:
    """A value that `Keeper` wrote."""
    if type(saved) in _PLAIN:
        return saved
    form, value = _pair(saved)
    if form == "array":
        return value.copy()
    if form == "scalar":
        return value[()]
    if form == "dict":
        return {_loaded(key): _loaded(each) for key, each in map(_pair, value)}
    if form in ("list", "tuple"):
        loaded = [_loaded(each) for each in value]
        return loaded if form == "list" else tuple(loaded)
    raise SnapshotError(f"an agent's attribute is of the form {form!r} in the snapshot")


def _pair(saved: Any) -> tuple[Any, Any]:
    if not isinstance(saved, list) or len(saved) != 2:
        raise SnapshotError("an agent's attribute in the snapshot is no pair")
    return saved[0], saved[1]


def _attributes(agent: Strategy) -> dict[str, Any]:
    """Everything that an object keeps in itself."""
    kept = dict(getattr(agent, "__dict__", {}))
    for kind in type(agent).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(agent, name) and name not in ("__dict__", "__weakref__"):
                kept[name] = getattr(agent, name)
    return kept


def _memory(array: np.ndarray) -> Any:
    """What an array's values lie in, which its views share."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
