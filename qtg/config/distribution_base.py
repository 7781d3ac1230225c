"""What every distribution can do, and the checks that all of them share.

`quantile` turns uniform numbers into draws, so all randomness stays in qtg's own counter-based
streams. It never decreases in `u`, and takes `u` from 0 to 1 inclusive: where the distribution
has no end, the last 2**-54 on that side stand for one finite draw.
"""

from abc import abstractmethod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtg.errors import ConfigError

from .base import Model
from .problem import SettingError

F64 = NDArray[np.float64]
_EDGE = 2.0**-54


class DistributionModel(Model):
    """What all distributions can do."""

    @abstractmethod
    def quantile(self, u: ArrayLike) -> F64:
        """The inverse of the cumulative distribution.

        Parameters
        ----------
        u : float64, any shape   numbers from 0 to 1

        Returns
        -------
        float64, shape of `u`    never decreasing in `u`

        Raises
        ------
        ConfigError              a number outside 0 to 1, or NaN

        Examples
        --------
        >>> from qtg.config import Uniform
        >>> Uniform(low=10, high=20).quantile([0.0, 0.25, 1.0]).tolist()
        [10.0, 12.5, 20.0]
        """

    @abstractmethod
    def expected(self) -> float:
        """The mean of the distribution."""

    @abstractmethod
    def support(self) -> tuple[float, float]:
        """The smallest and the largest value that can be drawn; may be infinite."""


def unit_interval(u: ArrayLike) -> F64:
    """`u` as float64, after a check that all of it lies in 0 to 1."""
    u = np.asarray(u, np.float64)
    if not np.all((u >= 0.0) & (u <= 1.0)):
        raise ConfigError("quantile takes numbers from 0 to 1; draw them from a uniform stream")
    return u


def off_the_ends(u: F64, below: bool, above: bool) -> F64:
    """`u` kept away from 0 and 1 on the sides where the distribution is unbounded."""
    return np.clip(u, _EDGE if below else 0.0, 1.0 - 2 * _EDGE if above else 1.0)


def check_order(low_name: str, low: float, high_name: str, high: float) -> None:
    """Refuse a range whose ends are swapped."""
    if low > high:
        raise SettingError(
            low_name, f"{low} is more than {high_name}, {high}; swap them or correct one"
        )
