"""Technical indicators over (time, market), as whole columns or bar by bar.

    fast = qtg.quant.ema(close, 12)                 # all bars at once

    state = qtg.quant.ema.start(markets=3, n=12)    # or one bar of all markets at a time
    for bar in close:
        row = qtg.quant.ema.step(state, bar)

Both are the same kernel, given all bars or one: the state holds everything that the next bar
needs, so the results are equal to the bit, and `step` changes it in place.

Columns are float64 of shape (time,) or (time, market), or a polars Series; the result has the same
shape and type, with NaN where a value is not defined yet. The parts of one result start at the same
bar, as in TA-Lib. A NaN (null, infinity) in a market's input makes the windows that contain it NaN;
averages, and the running `vwap`, start anew after it.
"""

from typing import Any, ClassVar, TypeVar

import numpy as np
import polars as pl

from qtg.kernels import indicators as kernels
from qtg.kernels.indicators import (
    AtrState,
    Average,
    Bands,
    BollingerState,
    Macd,
    MacdState,
    Moments,
    RsiState,
    RunningVwapState,
    Stochastic,
    StochasticState,
    VwapState,
    Window,
)
from qtg.schemas import F64

from ..errors import ConfigError

C = TypeVar("C", F64, pl.Series)


class Indicator:
    """Calling it takes whole columns; `start` makes a state, `step` moves it on by one bar."""

    name: ClassVar[str]
    inputs: ClassVar[tuple[str, ...]]
    parts: ClassVar[Any] = None  # NamedTuple of the result, if it has several columns
    _kernel: ClassVar[Any]

    def step(self, state: Any, *bar: F64) -> Any:
        """Move `state` on by one bar.

        Parameters
        ----------
        state                    from `start`; changed in place
        bar : float64 (market,)  one array for each input of the indicator, in its order

        Returns
        -------
        float64 (market,), or the indicator's NamedTuple of them

        Raises
        ------
        ConfigError              another number of inputs, another shape or dtype
        """
        rows = [row[np.newaxis] for row in self._checked(bar)]
        markets = _markets(state)
        if rows[0].shape != (1, markets):
            raise ConfigError(
                f"{self.name}.step: a bar has shape {rows[0].shape[1:]}, but the state was started "
                f"for {markets} markets; pass arrays of shape ({markets},)"
            )
        return self._pack([column[0] for column in self._advance(state, rows)])

    def _over(self, state_of: tuple[Any, ...], *inputs: Any) -> Any:
        """All bars of `inputs`, from a new state with the parameters `state_of`."""
        columns = self._checked(inputs)
        shape = columns[0].shape
        if len(shape) not in (1, 2) or shape[0] < 1:
            raise ConfigError(
                f"{self.name}: {self.inputs[0]} has shape {shape}; pass (time,) or (time, market) "
                "with at least one row"
            )
        flat = [column.reshape(shape[0], shape[1] if len(shape) == 2 else 1) for column in columns]
        state = self.start(flat[0].shape[1], *state_of)  # type: ignore[attr-defined]
        results = [column.reshape(shape) for column in self._advance(state, flat)]
        if isinstance(inputs[0], pl.Series):
            names = self.parts._fields if self.parts else (inputs[0].name,)
            return self._pack([pl.Series(*pair) for pair in zip(names, results, strict=True)])
        return self._pack(results)

    def _checked(self, inputs: tuple[Any, ...]) -> list[F64]:
        """The inputs as arrays that the kernel was compiled for."""
        if len(inputs) != len(self.inputs):
            raise ConfigError(
                f"{self.name}: {len(inputs)} inputs were given; pass {', '.join(self.inputs)}"
            )
        columns = [_array(f"{self.name}: {n}", x) for n, x in zip(self.inputs, inputs, strict=True)]
        for name, column in zip(self.inputs, columns, strict=True):
            if column.shape != columns[0].shape:
                raise ConfigError(
                    f"{self.name}: {name} has shape {column.shape} but {self.inputs[0]} has "
                    f"{columns[0].shape}; pass inputs of one shape"
                )
        return columns

    def _advance(self, state: Any, columns: list[F64]) -> list[F64]:
        """New result columns for these bars."""
        n_parts = len(self.parts._fields) if self.parts else 1
        out = [np.full(columns[0].shape, np.nan) for _ in range(n_parts)]
        self._kernel_of(state)(state, *columns, self._pack(out))
        return out

    def _kernel_of(self, state: Any) -> Any:
        return type(self)._kernel

    def _pack(self, columns: list[Any]) -> Any:
        return self.parts(*columns) if self.parts else columns[0]


class Sma(Indicator):
    """Simple moving average: the mean of the last n bars.

    Parameters
    ----------
    x : float64 (T,) or (T, M), or Series
    n : int                  window [bars], >= 1

    Returns
    -------
    as x                     NaN for the first n - 1 bars

    Raises
    ------
    ConfigError              n not an int >= 1; x of another dtype, or without rows
    """

    name = "sma"
    inputs = ("x",)
    _kernel = kernels.advance_sma

    def __call__(self, x: C, n: int) -> C:
        result: C = self._over((n,), x)
        return result

    def start(self, markets: int, n: int) -> Window:
        """A state before the first bar."""
        _check("sma", markets=markets, n=n)
        return _window(markets, n)


class Ema(Indicator):
    """Exponential moving average with alpha 2 / (n + 1), seeded with the mean of n bars.

    Parameters
    ----------
    x : float64 (T,) or (T, M), or Series
    n : int                  length [bars], >= 1

    Returns
    -------
    as x                     NaN for the first n - 1 bars

    Raises
    ------
    ConfigError              n not an int >= 1; x of another dtype, or without rows

    Source
    ------
    TA-Lib, EMA
    """

    name = "ema"
    inputs = ("x",)
    _kernel = kernels.advance_ema

    def __call__(self, x: C, n: int) -> C:
        result: C = self._over((n,), x)
        return result

    def start(self, markets: int, n: int) -> Average:
        """A state before the first bar."""
        _check("ema", markets=markets, n=n)
        return _ema(markets, n)


class Rsi(Indicator):
    """Relative strength index, Wilder's smoothing.

    Without losses it is 100; where there were neither gains nor losses it is 0, as in TA-Lib.

    Parameters
    ----------
    x : float64 (T,) or (T, M), or Series
    n : int                  smoothing length [bars], >= 1

    Returns
    -------
    as x                     0..100; NaN for the first n bars

    Raises
    ------
    ConfigError              n not an int >= 1; x of another dtype, or without rows

    Source
    ------
    Wilder (1978), New Concepts in Technical Trading Systems; TA-Lib, RSI
    """

    name = "rsi"
    inputs = ("x",)
    _kernel = kernels.advance_rsi

    def __call__(self, x: C, n: int = 14) -> C:
        result: C = self._over((n,), x)
        return result

    def start(self, markets: int, n: int = 14) -> RsiState:
        """A state before the first bar."""
        _check("rsi", markets=markets, n=n)
        return RsiState(np.full(markets, np.nan), _wilder(markets, n), _wilder(markets, n))


class MacdIndicator(Indicator):
    """Moving average convergence divergence: the fast less the slow `ema`, and the `ema` of that.

    The fast average is seeded with the last `fast` of the first `slow` bars, so that both start at
    the same bar, as in TA-Lib.

    Parameters
    ----------
    x : float64 (T,) or (T, M), or Series
    fast, slow, signal : int lengths [bars], 1 <= fast < slow, signal >= 1

    Returns
    -------
    Macd(macd, signal, histogram), each as x, NaN for the first slow + signal - 2 bars

    Raises
    ------
    ConfigError              a length out of its range; x of another dtype, or without rows

    Source
    ------
    TA-Lib, MACD
    """

    name = "macd"
    inputs = ("x",)
    parts = Macd
    _kernel = kernels.advance_macd

    def __call__(self, x: C, fast: int = 12, slow: int = 26, signal: int = 9) -> Macd:
        result: Macd = self._over((fast, slow, signal), x)
        return result

    def start(self, markets: int, fast: int = 12, slow: int = 26, signal: int = 9) -> MacdState:
        """A state before the first bar."""
        _check("macd", markets=markets, fast=fast, slow=slow, signal=signal)
        if fast >= slow:
            raise ConfigError(
                f"macd: fast is {fast} and slow is {slow}; choose fast less than slow"
            )
        return MacdState(_ema(markets, fast), _ema(markets, slow), _ema(markets, signal))


class Bollinger(Indicator):
    """Bollinger bands: `sma`, and `width` population standard deviations to either side.

    Parameters
    ----------
    x : float64 (T,) or (T, M), or Series
    n : int                  window [bars], >= 1
    width : float            half width of the bands [standard deviations], finite, > 0

    Returns
    -------
    Bands(upper, middle, lower), each as x, NaN for the first n - 1 bars

    Raises
    ------
    ConfigError              n or width out of its range; x of another dtype, or without rows

    Source
    ------
    Bollinger (2001), Bollinger on Bollinger Bands; TA-Lib, BBANDS
    """

    name = "bollinger"
    inputs = ("x",)
    parts = Bands
    _kernel = kernels.advance_bollinger

    def __call__(self, x: C, n: int = 20, width: float = 2.0) -> Bands:
        result: Bands = self._over((n, width), x)
        return result

    def start(self, markets: int, n: int = 20, width: float = 2.0) -> BollingerState:
        """A state before the first bar."""
        _check("bollinger", markets=markets, n=n)
        if not isinstance(width, int | float | np.number) or not 0 < width < np.inf:
            raise ConfigError(f"bollinger: width is {width!r}; pass a number greater than 0")
        tails = np.zeros((2, n, markets))
        moments = Moments(_no_bars(markets), np.zeros(markets), np.zeros(markets), *tails)
        return BollingerState(float(width), moments)


class Atr(Indicator):
    """Average true range, Wilder's smoothing.

    The true range is the largest of high - low, |high - last close| and |low - last close|.

    Parameters
    ----------
    high, low, close : float64 (T,) or (T, M), or Series
    n : int                  smoothing length [bars], >= 1

    Returns
    -------
    as high                  NaN for the first n bars

    Raises
    ------
    ConfigError              n not an int >= 1; inputs of another dtype, unequal, or without rows

    Source
    ------
    Wilder (1978), New Concepts in Technical Trading Systems; TA-Lib, ATR
    """

    name = "atr"
    inputs = ("high", "low", "close")
    _kernel = kernels.advance_atr

    def __call__(self, high: C, low: C, close: C, n: int = 14) -> C:
        result: C = self._over((n,), high, low, close)
        return result

    def start(self, markets: int, n: int = 14) -> AtrState:
        """A state before the first bar."""
        _check("atr", markets=markets, n=n)
        return AtrState(np.full(markets, np.nan), _wilder(markets, n))


class Vwap(Indicator):
    """Volume-weighted average price: of the last n bars, or of all bars so far.

    Parameters
    ----------
    price, volume : float64 (T,) or (T, M), or Series; volume >= 0
    n : int or None          window [bars], >= 1; None: all bars since the start

    Returns
    -------
    as price                 NaN for the first n - 1 bars, and where no volume was traded

    Raises
    ------
    ConfigError              n not an int >= 1; inputs of another dtype, unequal, or without rows
    """

    name = "vwap"
    inputs = ("price", "volume")

    def __call__(self, price: C, volume: C, n: int | None = None) -> C:
        result: C = self._over((n,), price, volume)
        return result

    def start(self, markets: int, n: int | None = None) -> VwapState | RunningVwapState:
        """A state before the first bar."""
        if n is None:
            _check("vwap", markets=markets)
            return RunningVwapState(np.zeros(markets), np.zeros(markets))
        _check("vwap", markets=markets, n=n)
        return VwapState(_window(markets, n), _window(markets, n))

    def _kernel_of(self, state: Any) -> Any:
        running = isinstance(state, RunningVwapState)
        return kernels.advance_running_vwap if running else kernels.advance_vwap


class StochasticIndicator(Indicator):
    """Stochastic oscillator: the close's place between the lowest low and the highest high.

    k is the `smooth`-bar mean of that place, d the `d`-bar mean of k. Where the highest high equals
    the lowest low the place is 0, as in TA-Lib.

    Parameters
    ----------
    high, low, close : float64 (T,) or (T, M), or Series
    k, smooth, d : int       windows [bars], each >= 1

    Returns
    -------
    Stochastic(k, d), each as high, 0..100, NaN for the first k + smooth + d - 3 bars

    Raises
    ------
    ConfigError              a window not an int >= 1; inputs of another dtype, unequal, or no rows

    Source
    ------
    TA-Lib, STOCH with simple averages
    """

    name = "stochastic"
    inputs = ("high", "low", "close")
    parts = Stochastic
    _kernel = kernels.advance_stochastic

    def __call__(
        self, high: C, low: C, close: C, k: int = 14, smooth: int = 3, d: int = 3
    ) -> Stochastic:
        result: Stochastic = self._over((k, smooth, d), high, low, close)
        return result

    def start(self, markets: int, k: int = 14, smooth: int = 3, d: int = 3) -> StochasticState:
        """A state before the first bar."""
        _check("stochastic", markets=markets, k=k, smooth=smooth, d=d)
        return StochasticState(*(_window(markets, n) for n in (k, k, smooth, d)))


def _check(where: str, **counts: Any) -> None:
    for name, value in counts.items():
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        least = 0 if name == "markets" else 1
        if not whole or value < least:
            raise ConfigError(
                f"{where}: {name} is {value!r}; pass a whole number of at least {least}"
            )


def _array(where: str, x: Any) -> F64:
    """The column as a float64 array in row order that may be written to."""
    if isinstance(x, pl.Series):
        if x.dtype != pl.Float64:
            raise ConfigError(f"{where} is a Series of {x.dtype}; use .cast(pl.Float64)")
        x = x.to_numpy()
    if not isinstance(x, np.ndarray):
        raise ConfigError(f"{where} is a {type(x).__name__}; pass a NumPy array or polars Series")
    if x.dtype != np.float64:
        raise ConfigError(f"{where} is an array of {x.dtype}; use .astype(float)")
    return np.require(x, requirements=["C", "W"])


def _markets(state: Any) -> int:
    """How many markets a state was started for."""
    part = next(part for part in state if not isinstance(part, int | float))
    return len(part) if isinstance(part, np.ndarray) else _markets(part)


def _no_bars(markets: int) -> np.ndarray:
    return np.zeros(markets, np.int64)


def _window(markets: int, n: int) -> Window:
    return Window(_no_bars(markets), np.zeros(markets), np.zeros((n, markets)))


def _average(markets: int, n: int, alpha: float) -> Average:
    return Average(int(n), alpha, _no_bars(markets), np.zeros(markets))


def _ema(markets: int, n: int) -> Average:
    return _average(markets, n, 2.0 / (n + 1.0))


def _wilder(markets: int, n: int) -> Average:
    return _average(markets, n, 1.0 / n)


sma = Sma()
ema = Ema()
rsi = Rsi()
macd = MacdIndicator()
bollinger = Bollinger()
atr = Atr()
vwap = Vwap()
stochastic = StochasticIndicator()
