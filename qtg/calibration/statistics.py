"""The statistics that a real and a simulated tape are compared by, with their tolerances."""

import math
from enum import Enum
from typing import NamedTuple

from .measures import HORIZONS, SIGN_LAGS, SIZE_QUANTILES


class Scale(Enum):
    """How far two values are apart."""

    RATIO = "ratio"  # of a positive quantity: the logarithm of the ratio counts
    DIFFERENCE = "difference"


class Statistic(NamedTuple):
    """One line of the comparison."""

    key: str  # in `Measures`
    label: str
    scale: Scale
    tolerance: float  # largest ratio either way, or largest difference, that counts as reached
    slack: float = 0.0  # a difference that always counts as reached
    searched: bool = True  # whether the search looks at it; sizes are fitted directly

    def distance(self, real: float, fitted: float) -> float:
        """How far apart, in tolerances: within -1 to 1 is reached; NaN if one is not measured."""
        if self.scale is Scale.DIFFERENCE:
            return (fitted - real) / self.tolerance
        if abs(fitted - real) <= self.slack:
            return 0.0
        if not (real > 0 and fitted > 0):
            return math.nan if math.isnan(real + fitted) else math.copysign(math.inf, fitted - real)
        return math.log(fitted / real) / math.log(self.tolerance)


STATISTICS = (
    Statistic("rate", "orders taken per second", Scale.RATIO, 1.1),
    *(
        Statistic(f"size_p{q}", f"size in lots, {q}% quantile", Scale.RATIO, 1.34, 1.0, False)
        for q in SIZE_QUANTILES
    ),
    *(
        Statistic(f"volatility_{name}", f"volatility at {name}, per year", Scale.RATIO, 1.2)
        for name in HORIZONS
    ),
    *(
        Statistic(f"sign_acf_{lag}", f"ACF of signs, lag {lag}", Scale.DIFFERENCE, 0.05)
        for lag in SIGN_LAGS
    ),
    Statistic("spread", "spread in ticks", Scale.RATIO, 1.25),
)
