"""What a strategy that is a NumPy function keeps from tick to tick."""

from collections.abc import Iterator, Mapping
from numbers import Real

import numpy as np

from ..config.spelling import did_you_mean
from ..errors import ConfigError, StrategyError
from ..stateful import State, Stateful, checked, found


class KeptColumns(Stateful, Mapping[str, np.ndarray]):
    """Columns by name, float64 (N, S): a number for each agent and symbol.

    They are written to in place: `kept["waited"] += 1`, `kept["best"][row, symbol] = price`, or
    `kept["best"] = values`, which broadcasts.

    Parameters
    ----------
    name : str          of the strategy, for messages
    columns : dict      the arrays
    """

    def __init__(self, name: str, columns: dict[str, np.ndarray]) -> None:
        self._name, self._columns = name, columns

    @classmethod
    def starting(
        cls, name: str, starts: Mapping[str, float], agents: int, symbols: int
    ) -> "KeptColumns":
        """Columns that hold what they are to start with."""
        shape = (agents, symbols)
        return cls(name, {key: np.full(shape, start, np.float64) for key, start in starts.items()})

    def of(self, rows: slice) -> "KeptColumns":
        """The same columns of some agents; writing to them writes here."""
        return KeptColumns(self._name, {key: its[rows] for key, its in self._columns.items()})

    def __getitem__(self, key: str) -> np.ndarray:
        if key not in self._columns:
            hint = did_you_mean(key, self._columns) if self._columns else "none are named"
            raise StrategyError(
                f"strategy {self._name!r} keeps no column {key!r}; {hint}; name it where the "
                f"strategy is registered: state={{{key!r}: 0.0}}"
            )
        return self._columns[key]

    def __setitem__(self, key: str, values: object) -> None:
        column = self[key]
        try:
            column[...] = values
        except (TypeError, ValueError):
            raise StrategyError(
                f"strategy {self._name!r}: the column {key!r} of its state takes numbers that "
                f"broadcast to {column.shape} (agents, symbols)"
            ) from None

    def __contains__(self, key: object) -> bool:
        return key in self._columns

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def state(self) -> State:
        """The columns."""
        return dict(self._columns)

    def restore(self, state: Mapping[str, object]) -> None:
        """Go on from a state of the same columns."""
        for key, column in self._columns.items():
            where = f"state {key!r} of strategy {self._name!r}"
            column[...] = checked(found(state, key), column.dtype, column.shape, where)

    def nbytes(self) -> int:
        """Bytes of columns."""
        return sum(column.nbytes for column in self._columns.values())


def check_starts(name: str, starts: Mapping[str, float] | None) -> dict[str, float]:
    """What columns of a strategy start with.

    Raises
    ------
    ConfigError    a name is no identifier, or a start no number
    """
    for key, start in (starts or {}).items():
        if not isinstance(key, str) or not key.isidentifier():
            raise ConfigError(f"strategy {name!r}: {key!r} is no name; use letters and _")
        if not isinstance(start, Real):
            raise ConfigError(
                f"strategy {name!r}: {key!r} of `state` starts with a {type(start).__name__}; give "
                "a number, which every agent has for every symbol at the start"
            )
    return dict(starts or {})
