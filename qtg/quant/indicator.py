"""What all indicators share: whole columns or one bar at a time, by the same kernel."""

from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from qtg.kernels.rolling import Average, Moments, PairMoments, Window
from qtg.schemas import F64, I64

from ..errors import ConfigError
from ..number_checks import check_counts
from .columns import C, arrays_of, check_rows, like
from .memory import new_column

P = TypeVar("P")


class Indicator:
    """Calling it takes whole columns; `start` makes a state, `step` moves it on by one bar."""

    name: ClassVar[str]
    inputs: ClassVar[tuple[str, ...]]
    parts: ClassVar[Any] = None  # NamedTuple of the result, if it has several columns
    _kernel: ClassVar[Any]

    def step(self, state: Any, *bar: F64) -> Any:
        """Move `state` on by one bar.

        Parameters
        ----------
        state                    from `start`; changed in place
        bar : float64 (market,)  one array for each input of the indicator, in its order

        Returns
        -------
        float64 (market,), or the indicator's NamedTuple of them

        Raises
        ------
        ConfigError              another number of inputs, another shape or dtype
        """
        rows = [row[np.newaxis] for row in self._arrays(bar)]
        markets = _markets(state)
        if rows[0].shape != (1, markets):
            raise ConfigError(
                f"{self.name}.step: a bar has shape {rows[0].shape[1:]}, but the state was started "
                f"for {markets} markets; pass arrays of shape ({markets},)"
            )
        return self._pack([column[0] for column in self._advance(state, rows)])

    def _run(self, parameters: tuple[Any, ...], inputs: tuple[Any, ...]) -> Any:
        """All bars of `inputs`, from a new state with these parameters."""
        columns = self._arrays(inputs)
        shape = columns[0].shape
        check_rows(self.name, self.inputs[0], columns[0])
        flat = [column.reshape(shape[0], shape[1] if len(shape) == 2 else 1) for column in columns]
        state = self.start(flat[0].shape[1], *parameters)  # type: ignore[attr-defined]
        results = [column.reshape(shape) for column in self._advance(state, flat)]
        names = self.parts._fields if self.parts else (None,)
        return self._pack([like(inputs[0], *pair) for pair in zip(results, names, strict=True)])

    def _arrays(self, inputs: tuple[Any, ...]) -> list[F64]:
        """The inputs as arrays that the kernel was compiled for."""
        if len(inputs) != len(self.inputs):
            raise ConfigError(
                f"{self.name}: {len(inputs)} inputs were given; pass {', '.join(self.inputs)}"
            )
        return arrays_of(self.name, dict(zip(self.inputs, inputs, strict=True)))

    def _advance(self, state: Any, columns: list[F64]) -> list[F64]:
        """New result columns for these bars."""
        n_parts = len(self.parts._fields) if self.parts else 1
        out = [new_column(columns[0].shape) for _ in range(n_parts)]
        self._kernel_of(state)(state, *columns, self._pack(out))
        return out

    def _kernel_of(self, state: Any) -> Any:
        return type(self)._kernel

    def _pack(self, columns: list[Any]) -> Any:
        return self.parts(*columns) if self.parts else columns[0]

    def _check(self, markets: int, **lengths: Any) -> None:
        """Refuse what is not a number of markets, and lengths below 1."""
        check_counts(self.name, least=0, markets=markets)
        check_counts(self.name, **lengths)


class OneColumn(Indicator):
    """An indicator whose result is one column, as its first input."""

    def _over(self, parameters: tuple[Any, ...], first: C, *others: Any) -> C:
        result: C = self._run(parameters, (first, *others))
        return result


class SeveralColumns(Indicator, Generic[P]):
    """An indicator whose result is a NamedTuple P of columns."""

    def _over(self, parameters: tuple[Any, ...], *inputs: Any) -> P:
        result: P = self._run(parameters, inputs)
        return result


def no_bars(markets: int) -> I64:
    """int64 (market,): no values yet."""
    return np.zeros(markets, np.int64)


def nothing(markets: int) -> F64:
    """float64 (market,): no value before this one."""
    return np.full(markets, np.nan)


def window(markets: int, n: int) -> Window:
    """Of the last n values, none yet."""
    return Window(np.zeros(markets), np.zeros((n, markets)))


def moments(markets: int, n: int) -> Moments:
    """Of the last n values, none yet."""
    heads, tails = np.zeros((2, markets)), np.zeros((2, n, markets))
    return Moments(*heads, *tails)


def pair_moments(markets: int, n: int) -> PairMoments:
    """Of the last n pairs, none yet."""
    return PairMoments(np.zeros((1, 5, markets)), np.zeros((n, 5, markets)))


def exponential(markets: int, n: int) -> Average:
    """An average with alpha 2 / (n + 1)."""
    return Average(int(n), 2.0 / (n + 1.0), np.zeros(markets))


def wilder(markets: int, n: int) -> Average:
    """An average with alpha 1 / n."""
    return Average(int(n), 1.0 / n, np.zeros(markets))


def _markets(state: Any) -> int:
    """How many markets a state was started for."""
    part = next(part for part in state if not isinstance(part, int | float))
    return len(part) if isinstance(part, np.ndarray) else _markets(part)
