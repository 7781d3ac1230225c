"""Indicators of one market as the textbooks define them: lists, loops, no shared code.

Each takes and returns lists of floats, NaN where undefined. Averages that look back to the start
are computed on each run of bars without NaN by itself.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from math import fsum, isnan, log, nan, sqrt

Line = list[float]


def in_runs(function: Callable[..., list[Line]], *inputs: Sequence[float]) -> list[Line]:
    """The function's lines, with every run of complete bars treated as a series of its own."""
    whole: list[Line] = []
    run: list[tuple[float, ...]] = []
    done: list[tuple[float, ...]] = []

    def close() -> None:
        if run:
            done.extend(zip(*function(*[list(line) for line in zip(*run)])))
        run.clear()

    for bar in zip(*inputs):
        if any(isnan(x) for x in bar):
            close()
            done.append((nan,))
        else:
            run.append(bar)
    close()
    width = max(len(bar) for bar in done)
    for part in range(width):
        whole.append([bar[part] if len(bar) == width else nan for bar in done])
    return whole


def windows(x: Sequence[float], n: int) -> list[Line | None]:
    """The last n values at each bar; None where they are not all there."""
    found: list[Line | None] = []
    for t in range(len(x)):
        window = list(x[max(t - n + 1, 0) : t + 1])
        found.append(None if len(window) < n or any(isnan(v) for v in window) else window)
    return found


def sma(x: Sequence[float], n: int) -> Line:
    return [nan if w is None else fsum(w) / n for w in windows(x, n)]


def _ema_of_run(x: Line, n: int, alpha: float) -> Line:
    line = [nan] * len(x)
    if len(x) < n:
        return line
    line[n - 1] = fsum(x[:n]) / n
    for t in range(n, len(x)):
        line[t] = alpha * x[t] + (1 - alpha) * line[t - 1]
    return line


def ema(x: Sequence[float], n: int) -> Line:
    return in_runs(lambda run: [_ema_of_run(run, n, 2 / (n + 1))], x)[0]


def rsi(x: Sequence[float], n: int) -> Line:
    def of_run(run: Line) -> list[Line]:
        line = [nan] * len(run)
        moves = [run[t] - run[t - 1] for t in range(1, len(run))]
        gain = loss = nan
        for t in range(n, len(run)):
            up, down = max(moves[t - 1], 0), max(-moves[t - 1], 0)
            if t == n:
                gain = fsum(move for move in moves[:n] if move > 0) / n
                loss = fsum(-move for move in moves[:n] if move < 0) / n
            else:
                gain = (gain * (n - 1) + up) / n
                loss = (loss * (n - 1) + down) / n
            if loss > 0:
                line[t] = 100 - 100 / (1 + gain / loss)
            else:
                line[t] = 100 if gain > 0 else 0
        return [line]

    return in_runs(of_run, x)[0]


def macd(x: Sequence[float], fast: int, slow: int, signal: int) -> list[Line]:
    def of_run(run: Line) -> list[Line]:
        late = _ema_of_run(run, slow, 2 / (slow + 1))
        skipped = slow - fast
        quick = [nan] * skipped + _ema_of_run(run[skipped:], fast, 2 / (fast + 1))
        line = [q - s for q, s in zip(quick, late)][slow - 1 :]
        smooth = _ema_of_run(line, signal, 2 / (signal + 1))
        lines = [
            [v if not isnan(s) else nan for v, s in zip(line, smooth)],
            smooth,
            [v - s for v, s in zip(line, smooth)],
        ]
        return [[nan] * (len(run) - len(part)) + part for part in lines]

    return in_runs(of_run, x)


def bollinger(x: Sequence[float], n: int, width: float) -> list[Line]:
    upper, middle, lower = [], [], []
    for window in windows(x, n):
        mean = nan if window is None else fsum(window) / n
        away = nan if window is None else width * sqrt(fsum((v - mean) ** 2 for v in window) / n)
        upper.append(mean + away)
        middle.append(mean)
        lower.append(mean - away)
    return [upper, middle, lower]


def atr(high: Sequence[float], low: Sequence[float], close: Sequence[float], n: int) -> Line:
    def of_run(high: Line, low: Line, close: Line) -> list[Line]:
        reach = [nan]
        for t in range(1, len(close)):
            before = close[t - 1]
            reach.append(max(high[t] - low[t], abs(high[t] - before), abs(low[t] - before)))
        line = [nan] * len(close)
        for t in range(n, len(close)):
            line[t] = (
                fsum(reach[1 : n + 1]) / n if t == n else (line[t - 1] * (n - 1) + reach[t]) / n
            )
        return [line]

    return in_runs(of_run, high, low, close)[0]


def vwap(price: Sequence[float], volume: Sequence[float], n: int | None) -> Line:
    def of_run(price: Line, volume: Line) -> list[Line]:
        line = []
        for t in range(len(price)):
            first = 0 if n is None else t - n + 1
            shares = fsum(volume[first : t + 1]) if first >= 0 else 0
            money = fsum(
                p * v for p, v in zip(price[max(first, 0) : t + 1], volume[max(first, 0) :])
            )
            line.append(money / shares if shares > 0 else nan)
        return [line]

    return in_runs(of_run, price, volume)[0]


def stochastic(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    k: int,
    smooth: int,
    d: int,
) -> list[Line]:
    bad = [isnan(h) or isnan(lo) or isnan(c) for h, lo, c in zip(high, low, close)]
    raw = []
    for t in range(len(close)):
        span = range(t - k + 1, t + 1)
        if t + 1 < k or any(bad[s] for s in span):
            raw.append(nan)
            continue
        top, bottom = max(high[s] for s in span), min(low[s] for s in span)
        raw.append(100 * (close[t] - bottom) / (top - bottom) if top > bottom else 0.0)
    fast = sma(raw, smooth)
    slow = sma(fast, d)
    return [[f if not isnan(s) else nan for f, s in zip(fast, slow)], slow]


def momentum(price: Sequence[float], n: int, skip: int) -> Line:
    return [nan if w is None else w[n - skip] / w[0] - 1 for w in windows(price, n + 1)]


def rolling_volatility(price: Sequence[float], n: int, periods: float) -> Line:
    line = []
    for window in windows(price, n + 1):
        if window is None:
            line.append(nan)
            continue
        moves = [log(after / before) for before, after in pairwise(window)]
        mean = fsum(moves) / n
        line.append(sqrt(periods * fsum((move - mean) ** 2 for move in moves) / (n - 1)))
    return line


def zscore(x: Sequence[float], n: int) -> Line:
    line = []
    for window in windows(x, n):
        if window is None or min(window) == max(window):
            line.append(nan)
            continue
        mean = fsum(window) / n
        line.append((window[-1] - mean) / sqrt(fsum((v - mean) ** 2 for v in window) / n))
    return line


def mean_reversion(x: Sequence[float], n: int) -> Line:
    return [-z for z in zscore(x, n)]


def hedge(y: Sequence[float], x: Sequence[float], n: int) -> list[Line]:
    """Normal equations of the regression, in exact arithmetic."""
    bars = []
    for ys, xs in zip(windows(y, n), windows(x, n)):
        if ys is None or xs is None or min(xs) == max(xs):
            bars.append((nan, nan, nan, nan))
            continue
        b, a = [Fraction(v) for v in ys], [Fraction(v) for v in xs]
        xx = n * sum(v * v for v in a) - sum(a) ** 2
        ratio = (n * sum(v * w for v, w in zip(a, b)) - sum(a) * sum(b)) / xx
        intercept = (sum(b) - ratio * sum(a)) / n
        residuals = [w - intercept - ratio * v for v, w in zip(a, b)]
        away = sqrt(sum(r * r for r in residuals) / n)
        score = float(residuals[-1]) / away if away > 0 else nan
        bars.append((float(ratio), float(intercept), float(residuals[-1]), score))
    return [list(line) for line in zip(*bars)]


def drawdown(equity: Sequence[float]) -> Line:
    line = []
    for t, value in enumerate(equity):
        peak = max((v for v in equity[: t + 1] if not isnan(v)), default=nan)
        line.append(1 - value / peak if peak > 0 else nan)
    return line
