"""Indicators against TA-Lib, on thousands of random series.

TA-Lib is compared in its default setting: compatibility "default", no unstable period. Its averages
are seeded with a simple average, and its windows are running sums, which carry rounding along: hence
the tolerance. Series have no holes, since one NaN spoils the rest of a TA-Lib series.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import talib

from qtg import quant

from .cases import bars, parts

SERIES = 300

Parameters = tuple[Any, ...]


class Peer(NamedTuple):
    indicator: Any
    theirs: Callable[..., Any]
    inputs: tuple[str, ...]
    draw: Callable[[np.random.Generator], Parameters]
    tolerance: float = 1e-11  # relative, and absolute below 1


def lengths(*tops: int) -> Callable[[np.random.Generator], Parameters]:
    return lambda rng: tuple(int(rng.integers(2, top + 1)) for top in tops)


def at_least_3(rng: np.random.Generator) -> Parameters:
    return (int(rng.integers(3, 41)),)


def macd_lengths(rng: np.random.Generator) -> Parameters:
    fast = int(rng.integers(2, 20))
    return fast, fast + int(rng.integers(1, 20)), int(rng.integers(1, 15))


def bands(rng: np.random.Generator) -> Parameters:
    return int(rng.integers(2, 40)), float(rng.uniform(0.5, 3.0))


def talib_stochastic(high: Any, low: Any, close: Any, k: int, smooth: int, d: int) -> Any:
    return talib.STOCH(high, low, close, k, smooth, 0, d, 0)


def talib_volatility(price: Any, n: int, periods: float) -> Any:
    """STDDEV is a population's; ours is a sample's, of log returns."""
    moves = np.diff(np.log(price), prepend=np.nan)
    return talib.STDDEV(moves, n, 1.0) * np.sqrt(periods * n / (n - 1))


def talib_zscore(x: Any, n: int) -> Any:
    away = talib.STDDEV(x, n, 1.0)
    return (x - talib.SMA(x, n)) / np.where(away > 0.0, away, np.nan)


def line_of_bars(y: Any, n: int) -> Any:
    """`hedge` on the bar's number, which is what LINEARREG regresses on."""
    fitted = quant.hedge(y, np.arange(len(y), dtype=float), n)
    return fitted.ratio, fitted.spread


def talib_line_of_bars(y: Any, n: int) -> Any:
    return talib.LINEARREG_SLOPE(y, n), y - talib.LINEARREG(y, n)


def rolling_beta(y: Any, x: Any, n: int) -> Any:
    """TA-Lib's BETA is 0 where x does not move."""
    ratio = quant.hedge(quant.returns(y), quant.returns(x), n).ratio
    ratio[n:] = np.nan_to_num(ratio[n:])
    return ratio


PEERS = {
    "sma": Peer(quant.sma, talib.SMA, ("close",), lengths(60)),
    "ema": Peer(quant.ema, talib.EMA, ("close",), lengths(60)),
    "rsi": Peer(quant.rsi, talib.RSI, ("close",), lengths(30)),
    "macd": Peer(quant.macd, talib.MACD, ("close",), macd_lengths),
    "bollinger": Peer(
        quant.bollinger,
        lambda x, n, width: talib.BBANDS(x, n, width, width),
        ("close",),
        bands,
    ),
    "atr": Peer(quant.atr, talib.ATR, ("high", "low", "close"), lengths(30)),
    "stochastic": Peer(
        quant.stochastic, talib_stochastic, ("high", "low", "close"), lengths(20, 6, 6)
    ),
    "momentum": Peer(lambda x, n: quant.momentum(x, n, 0), talib.ROCP, ("close",), lengths(60)),
    "rolling_volatility": Peer(
        quant.rolling_volatility,
        talib_volatility,
        ("close",),
        lambda rng: (*lengths(40)(rng), 252.0),
    ),
    "zscore": Peer(quant.zscore, talib_zscore, ("close",), lengths(40), 1e-8),
    "hedge on the bar's number": Peer(
        line_of_bars, talib_line_of_bars, ("close",), at_least_3, 1e-9
    ),
    "rolling beta": Peer(
        rolling_beta, lambda y, x, n: talib.BETA(x, y, n), ("close", "low"), at_least_3, 1e-8
    ),
}


@pytest.mark.parametrize("name", PEERS)
def test_it_is_what_talib_says(name: str) -> None:
    peer = PEERS[name]
    rng = np.random.default_rng(20)
    for _ in range(SERIES):
        columns = bars(rng, (int(rng.integers(90, 300)),))
        parameters = peer.draw(rng)
        inputs = [columns[name] for name in peer.inputs]
        ours = parts(peer.indicator(*inputs, *parameters))
        theirs = parts(peer.theirs(*inputs, *parameters))
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=peer.tolerance, atol=peer.tolerance)
