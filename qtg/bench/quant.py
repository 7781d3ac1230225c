"""Indicators: one bar of 500 symbols, and whole series beside TA-Lib where it is installed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from qtg import quant

from .registry import Benchmark, Probe

SYMBOLS, BARS, SERIES = 500, 100_000, 100
PAIRS = 11  # of runs of ours and TA-Lib's
INDICATORS: dict[str, tuple[Any, dict[str, int]]] = {
    "sma": (quant.sma, {"n": 20}),
    "ema": (quant.ema, {"n": 20}),
    "rsi": (quant.rsi, {"n": 14}),
    "macd": (quant.macd, {"fast": 12, "slow": 26, "signal": 9}),
    "bollinger": (quant.bollinger, {"n": 20}),
    "atr": (quant.atr, {"n": 14}),
    "vwap": (quant.vwap, {"n": 20}),
    "stochastic": (quant.stochastic, {"k": 14, "smooth": 3, "d": 3}),
}


def prices(bars: int, markets: int) -> dict[str, np.ndarray]:
    """Random bars, float64 (bars, markets) each."""
    rng = np.random.default_rng(1)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.001, (bars, markets)), axis=0))
    reach = close * np.abs(rng.normal(0.0, 0.0005, (2, bars, markets)))
    volume = rng.integers(1, 1_000, (bars, markets)).astype(np.float64)
    high, low = close + reach[0], close - reach[1]
    named = {"high": high, "low": low, "close": close, "volume": volume}
    return named | {"x": close, "price": close}


def _bar_ms() -> Probe:
    columns = prices(200, SYMBOLS)
    rolling = [
        (each, each.start(SYMBOLS, **lengths), [columns[name] for name in each.inputs])
        for each, lengths in INDICATORS.values()
    ]
    at = iter(range(10**9))

    def sample() -> float:
        t = next(at) % 200
        start = perf_counter()
        for indicator, state, inputs in rolling:
            indicator.step(state, *(column[t] for column in inputs))
        return 1e3 * (perf_counter() - start)

    for _ in range(40):
        sample()
    return Probe(sample)


def _series_ms(name: str) -> Probe:
    columns = prices(BARS, SERIES)
    indicator, lengths = INDICATORS[name]
    inputs = [columns[each] for each in indicator.inputs]
    ours = partial(indicator, *inputs, **lengths)
    ours()
    beside = _talib(name, lengths, columns)
    note = "TA-Lib is not installed" if beside is None else _ratio(ours, beside)
    return Probe(lambda: 1e3 * _seconds(ours), note=note)


def _ratio(ours: Callable[[], Any], theirs: Callable[[], Any]) -> str:
    """Alternating runs; the median of the pairs' ratios, since load comes and goes with both."""
    times = np.array([(_seconds(ours), _seconds(theirs)) for _ in range(PAIRS)])
    speed = np.median(times[:, 1] / times[:, 0])
    return f"one thread; TA-Lib {1e3 * np.median(times[:, 1]):,.0f} ms, {speed:.1f} times as long"


def _seconds(call: Callable[[], Any]) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start


def _talib(
    name: str, lengths: dict[str, int], columns: dict[str, np.ndarray]
) -> Callable[[], Any] | None:
    """The same by TA-Lib, series by series, each contiguous as it wants them."""
    try:
        import talib
    except ImportError:
        return None
    high, low, close = (
        [np.ascontiguousarray(columns[key][:, m]) for m in range(SERIES)]
        for key in ("high", "low", "close")
    )
    calls: dict[str, Callable[[int], Any]] = {
        "sma": lambda m: talib.SMA(close[m], lengths["n"]),
        "ema": lambda m: talib.EMA(close[m], lengths["n"]),
        "rsi": lambda m: talib.RSI(close[m], lengths["n"]),
        "macd": lambda m: talib.MACD(close[m], *lengths.values()),
        "bollinger": lambda m: talib.BBANDS(close[m], lengths["n"]),
        "atr": lambda m: talib.ATR(high[m], low[m], close[m], lengths["n"]),
        "stochastic": lambda m: talib.STOCH(
            high[m], low[m], close[m], fastk_period=14, slowk_period=3, slowd_period=3
        ),
    }
    call = calls.get(name)
    return None if call is None else lambda: [call(m) for m in range(SERIES)]


BENCHMARKS = (
    Benchmark(
        "quant.bar", f"one bar of {SYMBOLS} symbols, all {len(INDICATORS)} indicators", "ms",
        _bar_ms, repeats=200,
    ),
    *(
        Benchmark(
            f"quant.{name}", f"{BARS:,} bars of {SERIES} series", "ms", partial(_series_ms, name),
            repeats=5,
        )
        for name in INDICATORS
        if name != "vwap"
    ),
)  # fmt: skip
