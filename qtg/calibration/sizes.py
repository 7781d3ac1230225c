"""The distribution of order sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from qtg.config import LogNormal, PowerLaw
from qtg.schemas import F64, I64

_PROBABILITIES = np.concatenate([np.linspace(0.05, 0.95, 19), [0.98, 0.99, 0.995]])


class SizeFit(NamedTuple):
    """A distribution and how well it fits."""

    distribution: LogNormal | PowerLaw
    error: float  # root mean square of the logarithms of model over real quantile


def fit_sizes(lots: I64) -> SizeFit:
    """The lognormal or power law whose quantiles, rounded to lots, come closest to the real ones.

    Quantiles are matched, not the likelihood maximised: sizes are whole lots and pile up at one,
    and at round numbers, where a density says nothing.

    Parameters
    ----------
    lots : int64 (n,)   sizes of orders in lots, at least 1
    """
    if lots.min() == lots.max():
        return SizeFit(LogNormal(median=float(lots[0]), sigma=0.0), 0.0)
    real = np.log(np.quantile(lots, _PROBABILITIES))
    return min(_lognormal(lots, real), _power_law(lots, real), key=lambda fit: fit.error)


def _lognormal(lots: I64, real: F64) -> SizeFit:
    logs = np.log(lots)
    start = (float(np.median(logs)), max(float(logs.std()), 0.05))

    def of(at: F64) -> LogNormal:
        return LogNormal(median=float(np.exp(at[0])), sigma=float(np.clip(abs(at[1]), 0.0, 10.0)))

    return _best(of, start, real)


def _power_law(lots: I64, real: F64) -> SizeFit:
    least, most = float(np.quantile(lots, 0.01)), float(lots.max())
    logs = np.log(lots / least)
    start = (float(1.0 / max(logs.mean(), 0.05)),)

    def of(at: F64) -> PowerLaw:
        alpha = float(np.clip(abs(at[0]), 0.05, 20.0))
        return PowerLaw(minimum=least, alpha=alpha, maximum=most)

    return _best(of, start, real)


def _best(
    of: Callable[[F64], LogNormal | PowerLaw], start: tuple[float, ...], real: F64
) -> SizeFit:
    from scipy.optimize import minimize

    def error(at: F64) -> float:
        drawn = np.maximum(np.rint(of(at).quantile(_PROBABILITIES)), 1.0)
        return float(np.sqrt(np.mean((np.log(drawn) - real) ** 2)))

    # Rounding makes the error piecewise constant, so a search without slopes.
    found = minimize(error, start, method="Nelder-Mead", options={"maxiter": 300})
    distribution = of(found.x)
    return SizeFit(distribution, error(found.x))
