"""The seeded process that a symbol's fair value follows."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import model_validator

from .base import Model, setting
from .problem import SettingError
from .types import ByName, Real, Whole

MOST_FACTORS = 16
HOURS_PER_DAY = 6.5
DAYS_PER_YEAR = 252


class FairValueProcess(StrEnum):
    """How fair value moves."""

    CONSTANT = "constant"  # it stays at the initial price
    GBM = "gbm"  # geometric Brownian motion
    MEAN_REVERTING = "mean_reverting"  # its logarithm is pulled back to the initial price's


class VolatilityCascade(Model):
    """Volatility is a product of factors, each with its own horizon: news of minutes, of hours, of
    days. Large moves follow large moves, tails are fat, and thin out over longer times.

    Each factor of the variance is 1 + swing or 1 - swing; it is drawn anew after a random time
    whose mean is its horizon. Horizons are spaced geometrically.

    Source: Calvet and Fisher (2004), How to forecast long-run volatility, Journal of Financial
    Econometrics 2(1): the binomial Markov-switching multifractal. Traders of different horizons:
    Muller et al. (1997), Journal of Empirical Finance 4.
    """

    factors: Whole = setting(
        "how many factors; 0 keeps volatility constant", default=8, ge=0, le=MOST_FACTORS
    )
    swing: Real = setting(
        "how far a factor of the variance lies from 1, up or down", default=0.4, ge=0, lt=1
    )
    shortest_minutes: Real = setting(
        "horizon of the fastest factor, in market time", "minutes", default=1.0, gt=0, le=1e7
    )
    longest_minutes: Real = setting(
        "horizon of the slowest factor; a trading day has 390",
        "minutes",
        default=390.0,
        gt=0,
        le=1e7,
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.shortest_minutes > self.longest_minutes:
            raise SettingError(
                "shortest_minutes",
                f"{self.shortest_minutes:g} is more than longest_minutes, {self.longest_minutes:g}",
            )
        return self


class FairValue(Model):
    """What the stocks are worth; agents see it more or less clearly.

    A year has 252 trading days of 6.5 hours.
    """

    process: Annotated[FairValueProcess, ByName()] = setting(
        "how fair value moves", default=FairValueProcess.GBM
    )
    volatility: Real = setting(
        "standard deviation of the yearly log return, of symbols that have none of their own",
        "per year",
        default=0.25,
        ge=0,
        le=10,
    )
    drift: Real = setting("expected growth rate (gbm only)", "per year", default=0.0, ge=-10, le=10)
    reversion: Real = setting(
        "speed at which a deviation dies out (mean_reverting only)", "per day", default=5.0, ge=0
    )
    correlation: Real = setting(
        "correlation of the shocks of any two symbols of different sectors", default=0.3, ge=0, le=1
    )
    sector_correlation: Real = setting(
        "correlation of what is left of the shocks, within a sector", default=0.2, ge=0, le=1
    )
    cascade: VolatilityCascade = setting(
        "how volatility moves around that of the year", default=VolatilityCascade()
    )
