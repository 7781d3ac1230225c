"""Indicators: where they start, what they do at their ends, and what they refuse."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from qtg import quant
from qtg.errors import ConfigError

from . import oracles
from .cases import CASES, agree, bars, parts, same

DEFAULTS = {"sma": (20,), "ema": (20,)}


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("sma", 19),
        ("ema", 19),
        ("rsi", 14),
        ("macd", 33),
        ("bollinger", 19),
        ("atr", 14),
        ("stochastic", 17),
    ],
)
def test_the_first_value_is_where_talib_has_it(name: str, first: int) -> None:
    columns = bars(np.random.default_rng(7), (60,))
    case = CASES[name]
    result = case.indicator(*(columns[name] for name in case.inputs), *DEFAULTS.get(name, ()))
    for part in parts(result):
        assert np.isnan(part[:first]).all()
        assert np.isfinite(part[first:]).all()


def test_windows_do_not_drift() -> None:
    """No trace of 1e12 is left once it is out of the window, and none gathers over a long run."""
    rng = np.random.default_rng(9)
    for n in (1, 2, 7, 20, 33):
        for jump in range(40, 40 + n + 2):
            x = 1.0 + rng.random(120)
            x[:jump] *= 1e12
            volume = 1.0 + rng.random(120)
            agree(quant.sma(x, n), oracles.sma(x.tolist(), n), 0.0)
            agree(quant.vwap(x, volume, n), oracles.vwap(x.tolist(), volume.tolist(), n), 0.0)
            agree(quant.bollinger(x, n, 2.0).middle, oracles.sma(x.tolist(), n), 0.0)
            bands = quant.bollinger(x, n, 2.0)
            after = slice(jump + n - 1, None)
            agree(
                tuple(band[after] for band in bands),
                [line[after] for line in oracles.bollinger(x.tolist(), n, 2.0)],
                1.0,
            )
    flat = np.full(200, 0.1)
    flat[:50] = 1e12
    same(quant.bollinger(flat, 10, 2.0).upper[60:], flat[60:])
    long = rng.normal(size=200_000) * np.where(np.arange(200_000) % 1000 < 500, 1e12, 1.0)
    np.testing.assert_allclose(
        quant.sma(long, 250)[249::5000],
        [oracles.sma(long[t - 249 : t + 1].tolist(), 250)[-1] for t in range(249, 200_000, 5000)],
        rtol=1e-10,
    )


# Closing prices and 14-bar RSI of the worked example of Wilder's method on StockCharts' ChartSchool.
CLOSES = """
44.3389 44.0902 44.1497 43.6124 44.3278 44.8264 45.0955 45.4245 45.8433 46.0826 45.8931 46.0328
45.6140 46.2820 46.2820 46.0028 46.0328 46.4116 46.2222 45.6439 46.2122 46.2521 45.7137 46.4515
45.7835 45.3548 44.0288 44.1783 44.2181 44.5672 43.4205 42.6628 43.1314
"""
RSIS = """
70.53 66.32 66.55 69.41 66.36 57.97 62.93 63.26 56.06 62.38 54.71 50.42 39.99 41.46 41.87 45.46
37.30 33.08 37.77
"""


def test_rsi_of_the_published_example() -> None:
    result = quant.rsi(np.array(CLOSES.split(), float))
    np.testing.assert_allclose(result[14:], np.array(RSIS.split(), float), atol=0.006)


def test_rsi_at_its_ends() -> None:
    rising = np.arange(30.0)
    same(quant.rsi(rising)[14:], np.full(16, 100.0))
    same(quant.rsi(-rising)[14:], np.zeros(16))
    same(quant.rsi(np.ones(30))[14:], np.zeros(16))


def test_vwap_without_volume_is_nan_and_stochastic_without_range_is_zero() -> None:
    price = np.array([1.0, 2.0, 3.0])
    same(quant.vwap(price, np.array([0.0, 2.0, 2.0])), np.array([np.nan, 2.0, 2.5]))
    same(quant.vwap(price, np.array([2.0, 0.0, 0.0]), 2), np.array([np.nan, 1.0, np.nan]))
    flat = np.ones(5)
    same(quant.stochastic(flat, flat, flat, 2, 1, 1).k[1:], np.zeros(4))


X = np.arange(10.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: quant.sma(X, 0), "sma: n is 0; pass a whole number of at least 1"),
        (lambda: quant.ema(X, -3), "ema: n is -3"),
        (lambda: quant.rsi(X, 2.5), "rsi: n is 2.5"),
        (lambda: quant.sma(X, True), "sma: n is True"),
        (lambda: quant.atr(X, X, X, "14"), "atr: n is '14'"),
        (lambda: quant.vwap(X, X, 0), "vwap: n is 0"),
        (lambda: quant.stochastic(X, X, X, 3, 0), "stochastic: smooth is 0"),
        (lambda: quant.macd(X, 3, 6, 0), "macd: signal is 0"),
        (lambda: quant.macd(X, 6, 6), "macd: fast is 6 and slow is 6; choose fast less than slow"),
        (lambda: quant.bollinger(X, 3, 0.0), "bollinger: width is 0.0; pass a number greater"),
        (lambda: quant.bollinger(X, 3, np.nan), "bollinger: width is nan"),
        (lambda: quant.sma(X[:0], 3), r"sma: x has shape \(0,\); .* at least one row"),
        (lambda: quant.sma(X.reshape(1, 2, 5), 3), r"sma: x has shape \(1, 2, 5\); pass \(time,\)"),
        (lambda: quant.sma(np.float64(3.0), 3), "sma: x is a float64; pass a NumPy array"),
        (lambda: quant.atr(X, X[1:], X), r"atr: low has shape \(9,\) but high has \(10,\)"),
        (lambda: quant.sma(X.astype(int), 3), r"sma: x is an array of int64; use .astype\(float\)"),
        (lambda: quant.sma(X.astype("f4"), 3), "sma: x is an array of float32"),
        (lambda: quant.sma([1.0, 2.0], 3), "sma: x is a list; pass a NumPy array or polars Series"),
        (lambda: quant.sma(pl.Series([1, 2]), 3), r"Series of Int64; use .cast\(pl.Float64\)"),
        (lambda: quant.sma.start(-1, 3), "sma: markets is -1; pass a whole number of at least 0"),
        (lambda: quant.sma.step(quant.sma.start(2, 3), X), r"bar has shape \(10,\), .* 2 markets"),
        (lambda: quant.atr.step(quant.atr.start(10), X), "1 inputs were given; pass high, low, cl"),
    ],
)
def test_what_cannot_be_used_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        call()
