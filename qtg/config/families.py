"""The distributions that agents' parameters can be drawn from, each by its inverse.

A bare number in a configuration is a `Constant`.
"""

import math
from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from pydantic import (
    GetJsonSchemaHandler,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from .base import setting
from .distribution_base import F64, DistributionModel, check_order, off_the_ends, unit_interval
from .problem import SettingError, shown
from .types import Real

_STEEPEST = 20.0


class Constant(DistributionModel):
    """Always the same value. Written as a bare number."""

    kind: Literal["constant"] = "constant"
    value: Real = setting("value of every draw")

    @model_validator(mode="before")
    @classmethod
    def _take_number(cls, data: Any) -> Any:
        return data if isinstance(data, (Mapping, Constant)) else {"value": data}

    @model_serializer
    def _give_number(self) -> float:
        return self.value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [{"type": "number"}, handler(schema)]}

    def quantile(self, u: ArrayLike) -> F64:
        return np.full(unit_interval(u).shape, self.value)

    def expected(self) -> float:
        return self.value

    def support(self) -> tuple[float, float]:
        return self.value, self.value


class Uniform(DistributionModel):
    """Equally likely between `low` and `high`."""

    kind: Literal["uniform"] = "uniform"
    low: Real = setting("smallest value")
    high: Real = setting("largest value")

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_order("low", self.low, "high", self.high)
        return self

    def quantile(self, u: ArrayLike) -> F64:
        u = unit_interval(u)
        # Written so that both ends are exact and neither is passed by rounding.
        return np.clip(self.low * (1.0 - u) + self.high * u, self.low, self.high)

    def expected(self) -> float:
        return 0.5 * self.low + 0.5 * self.high

    def support(self) -> tuple[float, float]:
        return self.low, self.high


class Normal(DistributionModel):
    """The normal distribution; with `low` or `high` the truncated one (not piled up at them)."""

    kind: Literal["normal"] = "normal"
    mean: Real = setting("mean before truncation")
    std: Real = setting("standard deviation before truncation", ge=0)
    low: Real | None = setting("smallest value; none if left out", default=None)
    high: Real | None = setting("largest value; none if left out", default=None)

    @model_validator(mode="after")
    def _check(self) -> Self:
        low, high = self.support()
        check_order("low", low, "high", high)
        if self.std == 0 and not low <= self.mean <= high:
            raise SettingError("mean", f"{self.mean} lies outside low to high although std is 0")
        return self

    def quantile(self, u: ArrayLike) -> F64:
        from .truncated import truncated_normal_quantile

        u = unit_interval(u)
        if self.std == 0:
            return np.full(u.shape, self.mean)
        a, b = self._standard_limits()
        inner = off_the_ends(u, math.isinf(a), math.isinf(b))
        drawn = self.mean + self.std * truncated_normal_quantile(inner, a, b)
        return np.clip(drawn, *self.support())

    def expected(self) -> float:
        from .truncated import truncated_normal_mean

        if self.std == 0:
            return self.mean
        low, high = self.support()
        mean = self.mean + self.std * truncated_normal_mean(*self._standard_limits())
        return min(max(mean, low), high)

    def support(self) -> tuple[float, float]:
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        return low, high

    def _standard_limits(self) -> tuple[float, float]:
        low, high = self.support()
        return (low - self.mean) / self.std, (high - self.mean) / self.std


class LogNormal(DistributionModel):
    """Positive and right-skewed: the logarithm is normal."""

    kind: Literal["lognormal"] = "lognormal"
    median: Real = setting("value that half of the draws exceed", gt=0)
    sigma: Real = setting("standard deviation of the logarithm", ge=0, le=_STEEPEST)

    def quantile(self, u: ArrayLike) -> F64:
        from scipy.special import ndtri

        u = off_the_ends(unit_interval(u), True, True)
        return np.asarray(self.median * np.exp(self.sigma * ndtri(u)), np.float64)

    def expected(self) -> float:
        return self.median * math.exp(0.5 * self.sigma**2)

    def support(self) -> tuple[float, float]:
        return (self.median, self.median) if self.sigma == 0 else (0.0, math.inf)


class Exponential(DistributionModel):
    """Positive, small values most likely, without memory."""

    kind: Literal["exponential"] = "exponential"
    mean: Real = setting("mean", gt=0)

    def quantile(self, u: ArrayLike) -> F64:
        u = off_the_ends(unit_interval(u), False, True)
        return np.asarray(-self.mean * np.log1p(-u), np.float64)

    def expected(self) -> float:
        return self.mean

    def support(self) -> tuple[float, float]:
        return 0.0, math.inf


class PowerLaw(DistributionModel):
    """The bounded Pareto distribution: P(X > x) falls like x**-alpha up to `maximum`."""

    kind: Literal["power_law"] = "power_law"
    minimum: Real = setting("smallest value", gt=0)
    alpha: Real = setting("tail index; smaller is heavier", gt=0, le=_STEEPEST)
    maximum: Real = setting("largest value", gt=0)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.minimum < self.maximum:
            raise SettingError("maximum", f"must be more than minimum, {self.minimum}")
        return self

    def quantile(self, u: ArrayLike) -> F64:
        u = unit_interval(u)
        within = -math.expm1(-self.alpha * self._log_width())
        with np.errstate(divide="ignore"):
            drawn = self.minimum * np.exp(-np.log1p(-u * within) / self.alpha)
        return np.clip(drawn, self.minimum, self.maximum)

    def expected(self) -> float:
        width, alpha = self._log_width(), self.alpha
        excess = alpha - 1.0
        shape = width if excess == 0 else -math.expm1(-excess * width) / excess
        mean = alpha * self.minimum * shape / -math.expm1(-alpha * width)
        return min(max(mean, self.minimum), self.maximum)

    def support(self) -> tuple[float, float]:
        return self.minimum, self.maximum

    def _log_width(self) -> float:
        return math.log(self.maximum) - math.log(self.minimum)


class LogLogistic(DistributionModel):
    """Positive: the density rises like x ** (shape - 1) from 0 and P(X > x) falls like
    x ** -shape."""

    kind: Literal["loglogistic"] = "loglogistic"
    median: Real = setting("value that half of the draws exceed", gt=0)
    shape: Real = setting("exponent of the rise and of the tail", ge=1 / _STEEPEST, le=_STEEPEST)

    def quantile(self, u: ArrayLike) -> F64:
        u = off_the_ends(unit_interval(u), True, True)
        return np.asarray(self.median * (u / (1.0 - u)) ** (1.0 / self.shape), np.float64)

    def expected(self) -> float:
        if self.shape <= 1.0:
            return math.inf
        angle = math.pi / self.shape
        return self.median * angle / math.sin(angle)

    def support(self) -> tuple[float, float]:
        return 0.0, math.inf


class Choice(DistributionModel):
    """One of a few values."""

    kind: Literal["choice"] = "choice"
    values: tuple[Real, ...] = setting("the values")
    weights: tuple[Real, ...] | None = setting(
        "how often each value is drawn, relative to the others; equal if left out", default=None
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.values:
            raise SettingError("values", "is empty; give at least one value")
        weights = self.weights
        if weights is None:
            return self
        if len(weights) != len(self.values):
            raise SettingError(
                "weights",
                f"has {len(weights)} entries for {len(self.values)} values; give one each",
            )
        total = sum(weights)
        if min(weights) < 0 or not 0 < total < math.inf:
            raise SettingError("weights", f"must be 0 or more and not all 0, got {shown(weights)}")
        return self

    def quantile(self, u: ArrayLike) -> F64:
        u = unit_interval(u)
        values, shares = self._sorted()
        steps = np.cumsum(shares)
        return values[np.searchsorted(steps[:-1], u, side="right")]

    def expected(self) -> float:
        values, shares = self._sorted()
        return float(np.sum(values * shares))

    def support(self) -> tuple[float, float]:
        values, _ = self._sorted()
        return float(values[0]), float(values[-1])

    def _sorted(self) -> tuple[F64, F64]:
        """Values that can be drawn, ascending, and their shares."""
        values = np.array(self.values, np.float64)
        weights = np.ones(len(values)) if self.weights is None else np.array(self.weights)
        order = np.argsort(values, kind="stable")
        order = order[weights[order] > 0]
        return values[order], weights[order] / weights[order].sum()
