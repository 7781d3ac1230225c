"""What is measured of a tape: the same of a real one and of a simulated one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from qtg.report.statistics import realised_volatility
from qtg.schemas import F64, I8, I64

from .quotes import QuoteTape
from .signs import signs_of
from .tape import Tape

HORIZONS = {"1s": 1, "10s": 10, "1m": 60, "5m": 300, "30m": 1_800}  # seconds
SIZE_QUANTILES = (10, 50, 90, 99)  # per cent
SIGN_LAGS = (1, 10, 100)  # orders
FEWEST_RETURNS = 20
FEWEST_ORDERS_PER_LAG = 10

Measures = dict[str, float]  # NaN where a tape is too short


class Session(NamedTuple):
    """A stretch in which the market was open."""

    trades: Tape
    quotes: QuoteTape | None
    seconds: float


class TakenOrders(NamedTuple):
    """Trades merged into the orders that took them, one row each."""

    time: I64  # ns
    price: I64  # of the last fill [1e-4]
    qty: I64  # shares, all fills
    sign: I8


def session_of(trades: Tape, quotes: QuoteTape | None = None, seconds: float = 0.0) -> Session:
    """A session that lasts from the first to the last trade, unless `seconds` says how long."""
    length = seconds or float(trades.time[-1] - trades.time[0]) / 1e9
    if quotes is None or seconds:
        return Session(trades, quotes, length)
    first, last = np.searchsorted(quotes.time, (trades.time[0], trades.time[-1]))
    first = max(first - 1, 0)
    return Session(trades, QuoteTape._make(c[first : last + 1] for c in quotes), length)


def taken_orders(session: Session) -> TakenOrders:
    """One aggressive order fills against several resting ones: trades in a row at one time and
    with one sign are taken as its fills."""
    trades = session.trades
    sign = signs_of(trades, session.quotes)
    starts = np.ones(len(sign), bool)
    starts[1:] = (np.diff(trades.time) != 0) | (np.diff(sign) != 0)
    first = np.flatnonzero(starts)
    last = np.append(first[1:], len(sign))[: len(first)] - 1
    qty = np.add.reduceat(trades.qty, first) if len(first) else trades.qty
    return TakenOrders(trades.time[first], trades.price[last], qty, sign[first])


def measure(sessions: Sequence[Session], tick_size: int, lot_size: int = 1) -> Measures:
    """Every statistic of the sessions, pooled; returns never reach from one into the next.

    Parameters
    ----------
    sessions : of one market, or of several equal ones
    tick_size : int    [1e-4]
    lot_size : int     [shares]

    Returns
    -------
    dict of str to float
        `rate` [orders per second]; `size_p50` and so on [lots]; `volatility_1m` and so on, per
        square root of a year of 252 days of 6.5 hours; `sign_acf_1` and so on; `spread` [ticks,
        time-weighted mean]
    """
    orders = [taken_orders(each) for each in sessions]
    n, seconds = sum(len(each.time) for each in orders), sum(each.seconds for each in sessions)
    found = {"rate": n / seconds if seconds > 0 else np.nan}
    sizes = np.concatenate([each.qty for each in orders]) / lot_size
    for per_cent in SIZE_QUANTILES:
        found[f"size_p{per_cent}"] = float(np.quantile(sizes, per_cent / 100)) if n else np.nan
    for name, horizon in HORIZONS.items():
        returns = [_returns(each, horizon) for each in orders]
        found[f"volatility_{name}"] = _volatility(np.concatenate(returns), horizon)
    signs = [each.sign.astype(np.float64) for each in orders]
    for lag in SIGN_LAGS:
        found[f"sign_acf_{lag}"] = pooled_autocorrelation(signs, lag)
    found["spread"] = _spread(sessions) / tick_size
    return {name: float(value) for name, value in found.items()}


def pooled_autocorrelation(series: Sequence[F64], lag: int) -> float:
    """Autocorrelation at one lag over several series of one process, about their common mean.

    NaN with fewer than 10 values per lag, or without variance.
    """
    n = sum(len(x) for x in series)
    usable = [x for x in series if len(x) > lag]
    pairs = sum(len(x) - lag for x in usable)
    if n < FEWEST_ORDERS_PER_LAG * lag or not pairs:
        return float("nan")
    mean = sum(float(x.sum()) for x in series) / n
    variance = sum(float(np.square(x - mean).sum()) for x in series) / n
    if not variance > 0:
        return float("nan")
    total = sum(float((x[lag:] - mean) @ (x[:-lag] - mean)) for x in usable)
    return total / pairs / variance


def _returns(orders: TakenOrders, seconds: int) -> F64:
    """Log returns of the last price over a grid of `seconds`, from the first order on."""
    if not len(orders.time):
        return np.zeros(0)
    step = seconds * 1_000_000_000
    grid = np.arange(orders.time[0], orders.time[-1] + 1, step)
    at = np.searchsorted(orders.time, grid, side="right") - 1
    return np.diff(np.log(orders.price[at]))


def _volatility(returns: F64, seconds: int) -> float:
    if len(returns) < FEWEST_RETURNS:
        return float("nan")
    return realised_volatility(returns, seconds)


def _spread(sessions: Sequence[Session]) -> float:
    """Time-weighted mean of ask less bid [1e-4]; NaN without quotes."""
    total = weight = 0.0
    for each in sessions:
        if each.quotes is None or len(each.quotes.time) < 2:
            continue
        waits = np.diff(each.quotes.time).astype(np.float64)
        total += float(waits @ (each.quotes.ask - each.quotes.bid)[:-1])
        weight += float(waits.sum())
    return total / weight if weight else float("nan")
