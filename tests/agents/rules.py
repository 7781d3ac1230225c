"""What each rule says, in plain Python and NumPy: from readings to a stance of -1, 0 or 1."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

Params = Mapping[str, float]


def simple_average(x: np.ndarray, n: int) -> np.ndarray:
    """Mean of the last n values, NaN before."""
    return np.array(
        [np.mean(x[k - n + 1 : k + 1]) if k >= n - 1 else np.nan for k in range(len(x))]
    )


def exponential_average(x: np.ndarray, n: int) -> np.ndarray:
    """Seeded with the mean of the first n values."""
    out = np.full(len(x), np.nan)
    if len(x) >= n:
        out[n - 1] = np.mean(x[:n])
    for k in range(n, len(x)):
        out[k] = out[k - 1] + 2.0 / (n + 1) * (x[k] - out[k - 1])
    return out


def z_score(x: np.ndarray, n: int) -> np.ndarray:
    """Of the last of each n values among them."""
    out = np.full(len(x), np.nan)
    for k in range(n - 1, len(x)):
        window = x[k - n + 1 : k + 1]
        if np.ptp(window) > 0:
            out[k] = (x[k] - np.mean(window)) / np.std(window)
    return out


def past_return(x: np.ndarray, n: int, skip: int) -> np.ndarray:
    """From n to `skip` values ago."""
    return np.array([x[k - skip] / x[k - n] - 1.0 if k >= n else np.nan for k in range(len(x))])


def return_deviation(x: np.ndarray, n: int) -> np.ndarray:
    """Sample standard deviation of the last n log returns."""
    out = np.full(len(x), np.nan)
    for k in range(n, len(x)):
        out[k] = np.std(np.diff(np.log(x[k - n : k + 1])), ddof=1)
    return out


class Fit(NamedTuple):
    ratio: float
    zscore: float


def hedge(y: np.ndarray, x: np.ndarray) -> Fit:
    """Least squares of y on x with an intercept; how far off the last y is."""
    design = np.column_stack([np.ones(len(x)), x])
    (intercept, ratio), *_ = np.linalg.lstsq(design, y, rcond=None)
    left = y - intercept - ratio * x
    return Fit(float(ratio), float(left[-1] / math.sqrt(np.mean(left**2))))


def momentum_stance(rsi: float, p: Params, held: int) -> int:
    """Buys what is oversold, sells what is overbought."""
    if math.isnan(rsi):
        return held
    if rsi < p["oversold"]:
        return 1
    return -1 if rsi > p["overbought"] else held


def trend_stance(fast: float, slow: float, p: Params, held: int) -> int:
    """Long with the fast average above the slow one, short with it below."""
    if math.isnan(fast) or math.isnan(slow):
        return held
    if fast > slow * (1 + p["band"]):
        return 1
    return -1 if fast < slow * (1 - p["band"]) else held


def crossover_stance(histogram: float, price: float, p: Params, held: int) -> int:
    """Long with MACD above its signal, short with it below."""
    if math.isnan(histogram):
        return held
    if histogram > p["band"] * price:
        return 1
    return -1 if histogram < -p["band"] * price else held


def reversion_stance(z: float, enter: float, leave: float, held: int) -> int:
    """Against what is `enter` deviations off, until it is within `leave` of the middle."""
    if math.isnan(z):
        return held
    if abs(z) > enter:
        return -1 if z > 0 else 1
    came_back = (held == 1 and z > -leave) or (held == -1 and z < leave)
    return 0 if came_back else held


def scores(factors: Sequence[tuple[float, np.ndarray]]) -> np.ndarray | None:
    """Weighted z-scores of the symbols; None while one of the factors says nothing."""
    total = np.zeros(len(factors[0][1]))
    for weight, values in factors:
        if weight == 0.0:
            continue
        known = np.isfinite(values)
        if known.sum() < 2 or np.ptp(values[known]) == 0:
            return None
        z = (values - np.mean(values[known])) / np.std(values[known])
        total += weight * np.where(known, z, 0.0)
    return total


def long_short(total: np.ndarray, share: float) -> list[int]:
    """Long of the best part of the symbols, short of the worst; at least one of each."""
    n = max(math.floor(share * len(total) + 1e-9), 1)
    best_first = sorted(range(len(total)), key=lambda k: (-total[k], k))
    stance = [0] * len(total)
    for k in best_first[-n:]:
        stance[k] = -1
    for k in best_first[:n]:
        stance[k] = 1
    return stance


def reservation_quotes(
    mid: float, inventory: float, sigma: float, p: Params
) -> tuple[float, float]:
    """(bid, ask) of Avellaneda and Stoikov (2008): equation 29 for the reservation price, 30 for
    the spread. `sigma` is the deviation of the price in a tick; all in currency."""
    gamma, kappa, time_left = p["risk_aversion"], p["arrival_decay"], p["horizon"]
    reservation = mid - inventory * gamma * sigma**2 * time_left
    spread = gamma * sigma**2 * time_left + 2 / gamma * math.log(1 + gamma / kappa)
    return reservation - spread / 2, reservation + spread / 2
