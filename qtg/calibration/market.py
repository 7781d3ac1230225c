"""The market that is fitted: one symbol, one market maker, and the background pool.

The pool never trades with itself, so somebody has to quote: one market maker stands for all who
do. What a tape tells directly is set here; `knobs` lists what is searched for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np

from qtg.config import Config
from qtg.config.fair_value import VolatilityCascade
from qtg.config.types import price_text
from qtg.schemas import F64, I64

from .measures import HORIZONS, SIGN_LAGS, Measures, TakenOrders
from .sizes import SizeFit, fit_sizes
from .tape import RealTape

TICK_LENGTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 60_000)
ORDERS_PER_TICK = 0.4  # at most; more would trade at the quotes of one moment
AGGRESSIVE = 0.25  # part of the pool's orders; the rest fill the book
POOL = 1_000  # agents; only their number times their activity shows in a tape
LONGEST = 100_000.0  # ticks that a metaorder is worked
REACH = 0.8  # part of the aggressive orders that reach a quote, to begin with
STOCK = 5_000  # typical orders that the maker's shares are good for
MOST_MONEY = 2e11
MOST_SHARES = 2**40


class Memory(NamedTuple):
    """Metaorders: their share of the orders, and their durations."""

    share: float
    shortest: float  # ticks
    alpha: float  # tail index


class Direct(NamedTuple):
    """What a tape tells without any simulation."""

    tick_ms: int
    sizes: SizeFit
    rate: float  # orders taken per second
    volatility: float  # per year, at the longest horizon that is measured
    spread_ticks: float
    memory: Memory
    typical_size: float  # root mean square [shares]
    largest_size: int  # but for one in a thousand [shares]


def tell_directly(orders: list[TakenOrders], real: Measures, tick_size: int, lot: int) -> Direct:
    """Estimate what needs no simulation: from the orders of each session, and what was measured."""
    qty = np.concatenate([each.qty for each in orders])
    lots = np.maximum(np.rint(qty / lot), 1).astype(np.int64)
    known = [real[f"volatility_{name}"] for name in HORIZONS]
    usable = [each for each in known if each > 0]
    spread = real["spread"]
    tick_ms = tick_length(real["rate"])
    return Direct(
        tick_ms,
        fit_sizes(lots),
        real["rate"],
        usable[-1] if usable else 0.25,
        spread if spread > 0 else bounce(orders) / tick_size,
        told_memory(
            [real[f"sign_acf_{lag}"] for lag in SIGN_LAGS], 1_000 / (real["rate"] * tick_ms)
        ),
        float(np.sqrt(np.mean(np.square(qty, dtype=np.float64)))),
        int(np.quantile(qty, 0.999)),
    )


def tick_length(rate: float) -> int:
    """The longest tick [ms] in which at most 0.4 orders are taken on average."""
    fitting = [each for each in TICK_LENGTHS if rate * each / 1_000 <= ORDERS_PER_TICK]
    return fitting[-1] if fitting else TICK_LENGTHS[0]


def bounce(orders: list[TakenOrders]) -> float:
    """Median change of price between a taken order and the next of the other sign [1e-4]: about
    the spread, as buyers pay the ask and sellers get the bid (Roll, 1984)."""
    moves: list[I64] = []
    for each in orders:
        turned = np.diff(each.sign) != 0
        moves.append(np.abs(np.diff(each.price))[turned])
    found = np.concatenate(moves)
    found = found[found > 0]
    return float(np.median(found)) if len(found) else 0.0


def told_memory(acf: Sequence[float], ticks: float) -> Memory:
    """Metaorders that give signs these autocorrelations at lags of 1, 10 and 100 orders.

    One metaorder at a time takes part in a share of the orders, so two signs agree beyond chance
    with the square of the share times the chance that it still lasts. Durations and shares are
    looked for on a grid; an autocorrelation that is missing or not positive is taken as small.

    Parameters
    ----------
    acf : three floats
    ticks : float    from one order to the next
    """
    floored = np.array([each if each > 0.01 else 0.01 for each in acf])
    if floored[0] <= 0.01:
        return Memory(0.1, max(10 * ticks, 1.0), 2.0)
    shortest = np.geomspace(1.0, LONGEST / 10, 161)[:, np.newaxis]
    alpha = np.linspace(1.1, 3.0, 39)
    lasts = [still_lasts(lag * ticks, shortest, alpha) for lag in SIGN_LAGS]
    off = sum(
        (np.log(later / lasts[0]) - np.log(value / floored[0])) ** 2
        for later, value in zip(lasts[1:], floored[1:], strict=True)
    )
    row, column = np.unravel_index(int(np.argmin(off)), np.shape(off))
    share = math.sqrt(floored[0] / float(lasts[0][row, column]))
    return Memory(min(share, 0.95), float(shortest[row, 0]), float(alpha[column]))


def still_lasts(ticks: float, shortest: F64, alpha: F64) -> F64:
    """Chance that a metaorder found at work still is after so many ticks: the residual life of
    durations from a Pareto distribution, 1 - u (a - 1) / (a m) while u is less than the shortest
    duration m, then (u / m) ** (1 - a) / a (Cox, 1962, Renewal Theory, section 5.4)."""
    within = 1.0 - ticks * (alpha - 1.0) / (alpha * shortest)
    beyond = (ticks / shortest) ** (1.0 - alpha) / alpha
    chance: F64 = np.where(ticks <= shortest, within, beyond)
    return chance


def first_guess(direct: Direct, tape: RealTape, name: str, seed: int) -> Config:
    """The market to start the search from; `name` where the tape has no symbol."""
    tick_size = tape.tick_size
    first = max(round(int(tape.trades.price[0]) / tick_size), 1) * tick_size
    shares = _round_up(
        min(STOCK * direct.typical_size, MOST_MONEY / (first / 1e4), float(MOST_SHARES))
    )
    return Config.model_validate(
        {
            "name": re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[:64].lstrip(".-") or "calibrated",
            "seed": seed,
            "tick_ms": direct.tick_ms,
            "ticks": max(min(3_600_000 // direct.tick_ms, 20_000), 1_000),
            "start": datetime.fromtimestamp(int(tape.trades.time[0]) // 1_000_000_000, UTC),
            "symbols": [
                {
                    "symbol": ticker(tape.symbol or name),
                    "initial_price": price_text(first),
                    "tick_size": price_text(tick_size),
                    "lot_size": tape.lot_size,
                    "shares_outstanding": 100 * shares,
                }
            ],
            "smart": [_maker(direct, first, tick_size, shares)],
            "background": _pool(direct),
            "fair_value": {
                "volatility": _digits(min(direct.volatility, 10.0)),
                "cascade": {"factors": 0},  # until `let_volatility_move`
            },
            "latency": {"enabled": False},
            "warmup": {"ticks": 20},
            "storage": {"quotes": True},
        }
    )


def _maker(direct: Direct, first: int, tick_size: int, shares: int) -> dict[str, Any]:
    """The market maker, who has `shares`; `first` is the first price [1e-4]."""
    spread = max(direct.spread_ticks, 1.0)
    return {
        "kind": "market_maker",
        "count": 1,
        "cash": _round_up(2.0 * shares * first / 1e4),
        "shares": shares,
        "params": {
            "half_spread": _digits(max(0.5 * (spread - 1.0), 0.1) * tick_size / first),
            "skew": _digits(spread * tick_size / first),
            "inventory": shares,
            "size": _round_up(4.0 * direct.largest_size),
        },
    }


def _pool(direct: Direct) -> dict[str, Any]:
    """The background pool: as many orders as the tape has, its sizes, metaorders for its memory."""
    spread = max(direct.spread_ticks, 1.0)
    per_tick = direct.rate * direct.tick_ms / 1_000 / (AGGRESSIVE * REACH)
    count = POOL if per_tick <= POOL / 4 else _round_up(4 * per_tick)
    sizes = direct.sizes.distribution.model_dump()
    return {
        "count": count,
        "activity": _digits(per_tick / count),
        "aggressive": AGGRESSIVE,
        "aggressive_ticks": {"kind": "exponential", "mean": max(2.0, spread)},
        "offset_ticks": {"kind": "exponential", "mean": max(10.0, 2.0 * spread)},
        "size": {k: _digits(v) if k != "kind" else v for k, v in sizes.items()},
        "anchor": 1.0,  # as the maker does
        "contrarian": 0.0,
        "sentiment_volatility": 0.0,  # metaorders are all the memory there is
        "metaorders": {
            "count": 1,
            "share": _digits(direct.memory.share),
            "duration_ticks": {
                "kind": "power_law",
                "minimum": _digits(direct.memory.shortest),
                "alpha": _digits(direct.memory.alpha),
                "maximum": LONGEST,
            },
        },
        "latency_low": 0,
        "latency_high": 0,
    }


def let_volatility_move(config: Config) -> Config:
    """The market with the usual cascade of volatility, which the search leaves out: the cascade
    keeps the mean of the variance and only adds noise to what is measured.

    Fewer orders are aggressive while volatility is low (`background.volatility_trading`), which it
    is more often than not, so the share is raised by what that takes away on average.
    """
    usual, pool = VolatilityCascade(), config.background
    factor = 0.5 * (math.sqrt(1.0 + usual.swing) + math.sqrt(1.0 - usual.swing))
    rise = 1.0 + pool.volatility_trading * (factor**usual.factors - 1.0)
    return config.with_(
        {
            "fair_value.cascade": usual.model_dump(),
            "background.aggressive": min(_digits(pool.aggressive / rise), 1.0),
        }
    )


def ticker(name: str) -> str:
    """A name as a ticker: 1 to 12 of A-Z 0-9 . _ -

    >>> ticker("es future (front)")
    'ES-FUTURE-FR'
    """
    return re.sub(r"[^A-Z0-9._-]+", "-", name.upper())[:12].strip("-") or "TAPE"


def _digits(value: float) -> float:
    """Four digits: no tape tells more."""
    return float(f"{value:.4g}")


def _round_up(value: float) -> int:
    """A whole number of two digits and zeros, not below `value`."""
    step: int = 10 ** max(math.floor(math.log10(max(value, 1.0))) - 1, 0)
    return max(math.ceil(value / step) * step, 1)
