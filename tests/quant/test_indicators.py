"""Indicators against their textbook definitions, whole and bar by bar."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pytest

import qtg
from qtg import quant
from qtg.errors import ConfigError

from . import oracles


class Case(NamedTuple):
    indicator: Any
    oracle: Callable[..., Any]
    inputs: tuple[str, ...]
    draw: Callable[[np.random.Generator], tuple[Any, ...]]  # parameters


def some(*tops: int) -> Callable[[np.random.Generator], tuple[int, ...]]:
    return lambda rng: tuple(int(rng.integers(1, top + 1)) for top in tops)


def macd_lengths(rng: np.random.Generator) -> tuple[int, ...]:
    fast = int(rng.integers(1, 8))
    return fast, fast + int(rng.integers(1, 8)), int(rng.integers(1, 6))


CASES = {
    "sma": Case(quant.sma, oracles.sma, ("close",), some(12)),
    "ema": Case(quant.ema, oracles.ema, ("close",), some(12)),
    "rsi": Case(quant.rsi, oracles.rsi, ("close",), some(12)),
    "macd": Case(quant.macd, oracles.macd, ("close",), macd_lengths),
    "bollinger": Case(
        quant.bollinger,
        oracles.bollinger,
        ("close",),
        lambda rng: (*some(12)(rng), float(rng.uniform(0.5, 3))),
    ),
    "atr": Case(quant.atr, oracles.atr, ("high", "low", "close"), some(12)),
    "vwap": Case(quant.vwap, oracles.vwap, ("close", "volume"), some(12)),
    "running vwap": Case(quant.vwap, oracles.vwap, ("close", "volume"), lambda rng: (None,)),
    "stochastic": Case(
        quant.stochastic, oracles.stochastic, ("high", "low", "close"), some(9, 5, 5)
    ),
}
DEFAULTS = {
    "sma": (20,),
    "ema": (20,),
    "rsi": (),
    "macd": (),
    "bollinger": (),
    "atr": (),
    "vwap": (),
    "stochastic": (),
}
every = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


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


@every
@pytest.mark.parametrize("holes", [0.0, 0.05])
def test_it_is_what_the_textbook_says(case: Case, holes: float) -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        columns = bars(rng, (int(rng.integers(1, 60)),), holes)
        parameters = case.draw(rng)
        inputs = [columns[name] for name in case.inputs]
        result = case.indicator(*inputs, *parameters)
        agree(result, case.oracle(*[x.tolist() for x in inputs], *parameters), 100.0)


@every
def test_bar_by_bar_is_the_same_to_the_bit(case: Case) -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        shape = (int(rng.integers(1, 80)), int(rng.integers(1, 5)))
        columns = bars(rng, shape, 0.02)
        parameters = case.draw(rng)
        inputs = [columns[name] for name in case.inputs]
        state = case.indicator.start(shape[1], *parameters)
        rows = [parts(case.indicator.step(state, *bar)) for bar in zip(*inputs)]
        same(
            case.indicator(*inputs, *parameters),
            tuple(np.stack(part) for part in zip(*rows)),
        )


@every
def test_markets_are_independent_and_a_column_stands_alone(case: Case) -> None:
    rng = np.random.default_rng(3)
    columns = bars(rng, (70, 3), 0.02)
    parameters = case.draw(rng)
    together = case.indicator(*(columns[name] for name in case.inputs), *parameters)
    for m in range(3):
        alone = case.indicator(*(columns[name][:, m] for name in case.inputs), *parameters)
        assert all(part.shape == (70,) and part.dtype == np.float64 for part in parts(alone))
        same(alone, tuple(part[:, m] for part in parts(together)))


@every
def test_polars_in_polars_out(case: Case) -> None:
    rng = np.random.default_rng(4)
    columns = bars(rng, (50,), 0.02)
    parameters = case.draw(rng)
    inputs = [pl.Series(name, columns[name]).fill_nan(None) for name in case.inputs]
    result = case.indicator(*inputs, *parameters)
    names = result._fields if isinstance(result, tuple) else (case.inputs[0],)
    for part, name in zip(parts(result), names, strict=True):
        assert part.dtype == pl.Float64
        assert part.name == name
        assert part.null_count() == 0
    same(result, case.indicator(*(columns[name] for name in case.inputs), *parameters))


@every
def test_inputs_stay_as_they_are_and_may_be_views(case: Case) -> None:
    rng = np.random.default_rng(5)
    columns = bars(rng, (40, 4))
    parameters = case.draw(rng)
    views = [np.asfortranarray(columns[name])[::-1, ::2] for name in case.inputs]
    for view in views:
        view.flags.writeable = False
    same(
        case.indicator(*views, *parameters),
        case.indicator(*(view.copy() for view in views), *parameters),
    )


@every
def test_history_shorter_than_the_window_is_nan(case: Case) -> None:
    for shape in ((1,), (1, 2), (5, 0)):
        columns = bars(np.random.default_rng(6), shape)
        parameters = (3, 5, 3) if case.indicator is quant.macd else (9,)
        result = case.indicator(*(columns[name] for name in case.inputs), *parameters)
        assert all(part.shape == shape and np.isnan(part).all() for part in parts(result))


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
    result = case.indicator(*(columns[name] for name in case.inputs), *DEFAULTS[name])
    for part in parts(result):
        assert np.isnan(part[:first]).all()
        assert np.isfinite(part[first:]).all()


@every
def test_a_hole_clears_one_market_from_there_on(case: Case) -> None:
    rng = np.random.default_rng(8)
    columns = bars(rng, (80, 2))
    columns["volume"] += 1.0
    parameters = (3, 6, 4) if case.indicator is quant.macd else case.draw(rng)
    whole = case.indicator(*(columns[name] for name in case.inputs), *parameters)
    for hole in (np.nan, np.inf, -np.inf):
        columns[case.inputs[-1]][40, 1] = hole
        broken = case.indicator(*(columns[name] for name in case.inputs), *parameters)
        anew = case.indicator(*(columns[name][41:] for name in case.inputs), *parameters)
        for before, part, after in zip(parts(whole), parts(broken), parts(anew), strict=True):
            np.testing.assert_array_equal(part[:, 0], before[:, 0])
            np.testing.assert_array_equal(part[:40, 1], before[:40, 1])
            assert np.isnan(part[40, 1])
            np.testing.assert_array_equal(part[41:, 1], after[:, 1])


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


@pytest.mark.skipif(not hasattr(quant.sma._kernel, "signatures"), reason="the JIT is off")
def test_each_kernel_is_compiled_once() -> None:
    for case in CASES.values():
        for shape in ((5,), (5, 3), (1, 1)):
            columns = bars(np.random.default_rng(10), shape)
            parameters = (np.int64(2), 4, 2) if case.indicator is quant.macd else (2,)
            case.indicator(*(columns[name] for name in case.inputs), *parameters)
        kernel = case.indicator._kernel_of(
            case.indicator.start(1, *case.draw(np.random.default_rng()))
        )
        assert len(kernel.signatures) == 1, case.indicator.name


def test_quant_is_loaded_when_it_is_used() -> None:
    assert qtg.quant is quant
    script = (
        "import sys, qtg; print('numba' in sys.modules); qtg.quant.sma; print('quant' in dir(qtg))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "False\nTrue\n", done.stderr
