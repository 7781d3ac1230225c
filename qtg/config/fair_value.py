"""The seeded process that a symbol's fair value follows."""

from enum import StrEnum
from typing import Annotated

from .base import Model, setting
from .types import ByName, Real

HOURS_PER_DAY = 6.5
DAYS_PER_YEAR = 252


class FairValueProcess(StrEnum):
    """How fair value moves."""

    CONSTANT = "constant"  # it stays at the initial price
    GBM = "gbm"  # geometric Brownian motion
    MEAN_REVERTING = "mean_reverting"  # its logarithm is pulled back to the initial price's


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
