"""What all tests of indicators share: the cases, bars to feed them, and comparisons."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from qtg import quant

from . import oracles


class Case(NamedTuple):
    indicator: Any
    oracle: Callable[..., Any]
    inputs: tuple[str, ...]
    draw: Callable[[np.random.Generator], tuple[Any, ...]]  # parameters
    long: tuple[Any, ...] = (9,)  # parameters of a window of more than 5 bars


def some(*tops: int) -> Callable[[np.random.Generator], tuple[int, ...]]:
    return lambda rng: tuple(int(rng.integers(1, top + 1)) for top in tops)


def macd_lengths(rng: np.random.Generator) -> tuple[int, ...]:
    fast = int(rng.integers(1, 8))
    return fast, fast + int(rng.integers(1, 8)), int(rng.integers(1, 6))


def momentum_lengths(rng: np.random.Generator) -> tuple[int, ...]:
    n = int(rng.integers(1, 12))
    return n, int(rng.integers(0, n))


def at_least(least: int) -> Callable[[np.random.Generator], tuple[int, ...]]:
    return lambda rng: (int(rng.integers(least, 13)),)


CASES = {
    "sma": Case(quant.sma, oracles.sma, ("close",), some(12)),
    "ema": Case(quant.ema, oracles.ema, ("close",), some(12)),
    "rsi": Case(quant.rsi, oracles.rsi, ("close",), some(12)),
    "macd": Case(quant.macd, oracles.macd, ("close",), macd_lengths, (3, 6, 4)),
    "bollinger": Case(
        quant.bollinger,
        oracles.bollinger,
        ("close",),
        lambda rng: (*some(12)(rng), float(rng.uniform(0.5, 3))),
    ),
    "atr": Case(quant.atr, oracles.atr, ("high", "low", "close"), some(12)),
    "vwap": Case(quant.vwap, oracles.vwap, ("close", "volume"), some(12)),
    "running vwap": Case(
        quant.vwap, oracles.vwap, ("close", "volume"), lambda rng: (None,), (None,)
    ),
    "stochastic": Case(
        quant.stochastic, oracles.stochastic, ("high", "low", "close"), some(9, 5, 5)
    ),
    "momentum": Case(quant.momentum, oracles.momentum, ("close",), momentum_lengths, (9, 2)),
    "rolling_volatility": Case(
        quant.rolling_volatility,
        oracles.rolling_volatility,
        ("close",),
        lambda rng: (*at_least(2)(rng), float(rng.uniform(0.5, 300))),
    ),
    "zscore": Case(quant.zscore, oracles.zscore, ("close",), at_least(2)),
    "mean_reversion": Case(quant.mean_reversion, oracles.mean_reversion, ("close",), at_least(2)),
    "hedge": Case(quant.hedge, oracles.hedge, ("close", "volume"), at_least(3)),
    "drawdown": Case(quant.drawdown, oracles.drawdown, ("close",), lambda rng: (), ()),
}
WINDOWED = {name: case for name, case in CASES.items() if name not in ("running vwap", "drawdown")}


def bars(
    rng: np.random.Generator, shape: tuple[int, ...], holes: float = 0.0
) -> dict[str, np.ndarray]:
    """A random walk's bars with flat stretches; `holes` is the share of NaN."""
    moves = rng.normal(size=shape) * (rng.random(shape) < 0.8)
    close = 100.0 + np.round(moves, 2).cumsum(axis=0)
    reach = np.where(moves == 0.0, 0.0, rng.random(shape))
    columns = {
        "close": close,
        "high": close + reach,
        "low": close - reach * rng.random(shape),
        "volume": rng.integers(0, 4, shape).astype(float),
    }
    for column in columns.values():
        column[rng.random(shape) < holes] = np.nan
    return columns


def parts(result: Any) -> list[Any]:
    return list(result) if isinstance(result, tuple) else [result]


def agree(result: Any, expected: Any, scale: float) -> None:
    """Equal to 1e-10 relative; `scale` is the size of the inputs, for what should cancel."""
    wanted = [expected] if not isinstance(expected[0], list) else expected
    for ours, theirs in zip(parts(result), wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-13 * scale)


def same(ours: Any, theirs: Any) -> None:
    for a, b in zip(parts(ours), parts(theirs), strict=True):
        np.testing.assert_array_equal(a, b)
