"""What a strategy says of its parameters: defaults, ranges, and what must hold between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..config.distributions import Choice, Constant, Distribution, Normal
from ..errors import ConfigError

_RARE = 1e-12  # a share of the draws that counts as none
_NEAR = 1e-9

Rule = Callable[[Mapping[str, Distribution]], str]


@dataclass(frozen=True)
class Param:
    """A parameter of a strategy: its default, and the range that its draws must stay in.

    Parameters
    ----------
    default : float or Distribution    a number is the same for every agent
    low, high : float                  least and greatest value allowed
    above : float, optional            every draw must be more than this
    whole : bool                       whole numbers only; draws in between are rounded

    Examples
    --------
    >>> Param(0.3, low=0, high=1).problem(Constant(value=1.5))
    'can be 1.5; give 0 to 1'
    >>> Param(20, low=2, whole=True).problem(Constant(value=2.5))
    'is 2.5; give a whole number'
    """

    default: float | Distribution
    low: float = -math.inf
    high: float = math.inf
    above: float | None = None
    whole: bool = False

    @property
    def distribution(self) -> Distribution:
        """The default as a distribution."""
        given = self.default
        return Constant(value=given) if isinstance(given, (int, float)) else given

    @property
    def range(self) -> str:
        """The values allowed, in words; empty if all are."""
        parts = [f"more than {self.above:g}"] if self.above is not None else []
        if self.low > -math.inf and self.high < math.inf:
            parts.append(f"{self.low:g} to {self.high:g}")
        elif self.low > -math.inf:
            parts.append(f"{self.low:g} or more")
        elif self.high < math.inf:
            parts.append(f"at most {self.high:g}")
        return " and ".join(parts)

    def problem(self, given: Distribution) -> str:
        """What is wrong with a distribution for this parameter; empty if nothing."""
        if self.whole and (odd := _fraction(given)) is not None:
            return f"is {odd:g}; give a whole number"
        low, high = given.support()
        wrong = None
        if low < self.low or not self._all_above(given):
            wrong = low
        elif high > self.high:
            wrong = high
        if wrong is None:
            return ""
        what = f"{wrong:g}" if math.isfinite(wrong) else "any number"
        hint = ""
        if isinstance(given, Normal) and not math.isfinite(wrong):
            hint = " (a normal distribution has the limits `low` and `high`)"
        return f"can be {what}; give {self.range}{hint}"

    def drawn(self, values: np.ndarray) -> np.ndarray:
        """float64 (n,): draws as agents use them."""
        return np.rint(values) if self.whole else values

    def _all_above(self, given: Distribution) -> bool:
        return self.above is None or float(given.quantile(_RARE)) > self.above


def as_param(given: float | Distribution | Param) -> Param:
    """A parameter without a range for a bare default."""
    return given if isinstance(given, Param) else Param(given)


def check_defaults(kind: str, params: Mapping[str, Param]) -> None:
    """Check that the defaults of a strategy's parameters stay in their own ranges.

    Raises
    ------
    ConfigError    one does not, or a default is no number
    """
    for name, param in params.items():
        try:
            problem = param.problem(param.distribution)
        except (AttributeError, TypeError):
            raise ConfigError(
                f"strategy {kind!r}: the default of {name!r} must be a number, a distribution or "
                f"a qtg.Param, not {type(param.default).__name__}"
            ) from None
        if problem:
            raise ConfigError(f"strategy {kind!r}: the default of {name!r} {problem}")


def less(first: str, second: str) -> Rule:
    """The rule that every draw of one parameter is less than every draw of another.

    >>> less("fast", "slow")({"fast": Constant(value=30), "slow": Constant(value=20)})
    'fast can be 30 but slow can be 20; fast must stay below slow'
    """

    def problem(params: Mapping[str, Distribution]) -> str:
        high, low = params[first].support()[1], params[second].support()[0]
        if high < low:
            return ""
        return (
            f"{first} can be {high:g} but {second} can be {low:g}; {first} must stay below {second}"
        )

    return problem


def sums_to(total: float, *names: str) -> Rule:
    """The rule that some parameters, which must be plain numbers, have a given sum.

    >>> shares = {"value": Constant(value=0.5), "momentum": Constant(value=0.4)}
    >>> sums_to(1, "value", "momentum")(shares)
    'value + momentum is 0.9; they must sum to 1'
    """

    def problem(params: Mapping[str, Distribution]) -> str:
        low = sum(params[name].support()[0] for name in names)
        high = sum(params[name].support()[1] for name in names)
        together = " + ".join(names)
        if high - low > _NEAR:
            return f"{together} can be {low:g} to {high:g}; give numbers that sum to {total:g}"
        if abs(low - total) > _NEAR:
            return f"{together} is {low:g}; they must sum to {total:g}"
        return ""

    return problem


def _fraction(given: Distribution) -> float | None:
    """A value that was written with a fraction."""
    if isinstance(given, Constant):
        values: tuple[float, ...] = (given.value,)
    else:
        values = given.values if isinstance(given, Choice) else ()
    return next((value for value in values if value != math.floor(value)), None)
