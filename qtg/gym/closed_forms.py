"""What the textbook models say the best quotes and values are."""

from typing import NamedTuple

import numpy as np
from scipy.linalg import expm

from qtg.schemas import F64

from ..errors import ConfigError


class Quotes(NamedTuple):
    """How far bid and ask are from the mid [currency]; negative: beyond it."""

    bid: F64
    ask: F64


def avellaneda_stoikov(
    inventory: F64, remaining: float, risk_aversion: float, volatility: float, decay: float
) -> Quotes:
    """Quotes around the reservation price of a dealer with exponential utility.

    The reservation price lies `inventory * gamma * sigma^2 * (T - t)` below the mid; the spread is
    `gamma * sigma^2 * (T - t) + (2 / gamma) * log(1 + gamma / k)`.

    Source: Avellaneda and Stoikov (2008), Quantitative Finance 8(3), equations 2.9 and 2.13.

    Parameters
    ----------
    inventory : float64 (row,)    units held
    remaining : float             T - t
    risk_aversion : float         gamma, above 0
    volatility, decay : float     sigma and k of the market
    """
    tilt = np.asarray(inventory) * risk_aversion * volatility**2 * remaining
    half = half_spread(remaining, risk_aversion, volatility, decay)
    return Quotes(half + tilt, half - tilt)


def symmetric(
    inventory: F64, remaining: float, risk_aversion: float, volatility: float, decay: float
) -> Quotes:
    """The same spread as `avellaneda_stoikov`, around the mid whatever the inventory."""
    half = np.full(np.shape(inventory), half_spread(remaining, risk_aversion, volatility, decay))
    return Quotes(half, half)


def half_spread(remaining: float, risk_aversion: float, volatility: float, decay: float) -> float:
    """Half of the Avellaneda-Stoikov spread [currency]."""
    if risk_aversion <= 0.0:
        raise ConfigError(f"risk_aversion must be above 0, got {risk_aversion}")
    whole = risk_aversion * volatility**2 * remaining
    return 0.5 * whole + float(np.log1p(risk_aversion / decay)) / risk_aversion


class DealerProblem(NamedTuple):
    """Market making with penalties of inventory: what a dealer maximizes is the mean of
    `X + Q (S - alpha Q) - phi * integral of Q^2` at the horizon.

    Source: Cartea, Jaimungal and Penalva (2015), section 10.2.
    """

    rate: float = 10.0  # lambda
    decay: float = 1.0  # kappa
    running: float = 0.5  # phi
    terminal: float = 0.001  # alpha
    horizon: float = 1.0
    most: int = 10  # inventory is kept within -most .. most

    def value(self, remaining: float) -> F64:
        """What inventory adds to the value `X + Q S`, float64 (2 most + 1,) from -most on:
        `log(exp(A (T - t)) exp(-alpha kappa q^2)) / kappa` (their equation 10.11)."""
        q = np.arange(-self.most, self.most + 1.0)
        beside = np.full(2 * self.most, self.rate * np.exp(-1.0))
        matrix = np.diag(-self.running * self.decay * q * q)
        matrix += np.diag(beside, 1) + np.diag(beside, -1)
        end = np.exp(-self.terminal * self.decay * q * q)
        value: F64 = np.log(expm(matrix * remaining) @ end) / self.decay
        return value

    def quotes(self, remaining: float) -> Quotes:
        """Best depths for inventories -most .. most, float64 (2 most + 1,); where a side is not
        quoted it is infinite."""
        h = self.value(remaining)
        bid, ask = np.full(len(h), np.inf), np.full(len(h), np.inf)
        bid[:-1] = 1.0 / self.decay - h[1:] + h[:-1]
        ask[1:] = 1.0 / self.decay - h[:-1] + h[1:]
        return Quotes(bid, ask)
