"""The market that is fitted: one symbol, one market maker, and the background pool.

The pool never trades with itself, so somebody has to quote: one market maker stands for all who
do. What a tape tells directly is set here; `knobs` lists what is searched for.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from qtg.config import Config
from qtg.config.types import price_text
from qtg.schemas import I64

from .measures import HORIZONS, Measures, TakenOrders
from .sizes import SizeFit, fit_sizes
from .tape import RealTape

TICK_LENGTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 60_000)
ORDERS_PER_TICK = 0.4  # at most; more would trade at the quotes of one moment
AGGRESSIVE = 0.25  # part of the pool's orders; the rest fill the book
POOL = 1_000  # agents; only their number times their activity shows in a tape
REACH = 0.8  # part of the aggressive orders that reach a quote, to begin with
STOCK = 5_000  # typical orders that the maker's shares are good for
MOST_MONEY = 2e11
MOST_SHARES = 2**40


class Direct(NamedTuple):
    """What a tape tells without any simulation."""

    tick_ms: int
    sizes: SizeFit
    rate: float  # orders taken per second
    volatility: float  # per year, at the longest horizon that is measured
    spread_ticks: float
    sentiment_volatility: float
    sentiment_decay: float
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
        *mood(real["sign_acf_1"], real["sign_acf_10"], real["rate"] * tick_ms / 1_000),
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


def mood(first: float, tenth: float, orders_per_tick: float) -> tuple[float, float]:
    """Volatility and decay of a mood that gives signs these autocorrelations at lags 1 and 10.

    The chance of a buy is (1 + mood) / 2, so signs are correlated as moods are: by the variance of
    the mood times what is left of it after so many orders.
    """
    first, tenth = (0.02 if not each > 0.02 else each for each in (first, tenth))
    kept = min(max((tenth / first) ** (1 / 9), 0.5), 0.999)  # from one order to the next
    return min(math.sqrt(first / kept), 0.95), min(kept**orders_per_tick, 0.9999)


def first_guess(direct: Direct, tape: RealTape, name: str, seed: int) -> Config:
    """The market to start the search from; `name` where the tape has no symbol."""
    tick_size = tape.tick_size
    first = max(round(int(tape.trades.price[0]) / tick_size), 1) * tick_size
    spread = max(direct.spread_ticks, 1.0)
    shares = _round_up(
        min(STOCK * direct.typical_size, MOST_MONEY / (first / 1e4), float(MOST_SHARES))
    )
    per_tick = direct.rate * direct.tick_ms / 1_000 / (AGGRESSIVE * REACH)
    count = POOL if per_tick <= POOL / 4 else _round_up(4 * per_tick)
    half_spread = max(0.5 * (spread - 1.0), 0.1) * tick_size / first
    sizes = direct.sizes.distribution.model_dump()
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
            "smart": [
                {
                    "kind": "market_maker",
                    "count": 1,
                    "cash": _round_up(2.0 * shares * first / 1e4),
                    "shares": shares,
                    "params": {
                        "half_spread": _digits(half_spread),
                        "skew": _digits(spread * tick_size / first),
                        "inventory": shares,
                        "size": _round_up(4.0 * direct.largest_size),
                    },
                }
            ],
            "background": {
                "count": count,
                "activity": _digits(per_tick / count),
                "aggressive": AGGRESSIVE,
                "aggressive_ticks": {"kind": "exponential", "mean": max(2.0, spread)},
                "offset_ticks": {"kind": "exponential", "mean": max(10.0, 2.0 * spread)},
                "size": {k: _digits(v) if k != "kind" else v for k, v in sizes.items()},
                "anchor": 1.0,  # as the maker does
                "contrarian": 0.0,  # scales signs as sentiment_volatility does, so one is enough
                "sentiment_volatility": _digits(direct.sentiment_volatility),
                "sentiment_decay": _digits(direct.sentiment_decay),
                "latency_low": 0,
                "latency_high": 0,
            },
            "fair_value": {"volatility": _digits(min(direct.volatility, 10.0))},
            "latency": {"enabled": False},
            "warmup": {"ticks": 20},
            "storage": {"quotes": True},
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
