"""Market impact of metaorders, by paired runs: the same market with them and without."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .facts import Fact

if TYPE_CHECKING:
    from qtg.config import Config

DAY_MINUTES = 390
SIZES = 7  # of metaorders, spaced geometrically
IMPACT = ("square-root impact", "square-root impact, fit")  # names of the facts
FIRST, GAP = 10, 60  # ticks before the first metaorder, and between two of a symbol


class Impact(NamedTuple):
    """Mean impact by size, and the power law through it."""

    size: np.ndarray  # float64 (size,): shares of the metaorder over those of a day
    impact: np.ndarray  # float64 (size,): log price change over daily volatility
    error: np.ndarray  # float64 (size,): its standard error
    exponent: float  # of impact = c * size ** exponent; NaN where an impact is not positive
    factor: float  # c
    r2: float  # of the fit of logarithms


class Metaorder(NamedTuple):
    """A large order that is sent in equal pieces."""

    market: int
    side: int
    size: int  # which of the sizes
    start: int  # tick of the first piece, from the end of the warm-up on


def measure_impact(
    config: "Config",
    *,
    ticks: int = 24_000,
    horizon: int = 300,
    low: float = 5e-4,
    high: float = 5e-2,
) -> Impact:
    """Send metaorders of several sizes, and compare with the same run without them.

    All other randomness is the same in both runs. Metaorders come one after the other in every
    symbol, buys and sells in turn, each in equal market orders, one a tick. The impact is how far
    the mid has moved in the direction of the order when it ends (mean over the last quarter of
    its ticks), over what a day moves the mid.

    Parameters
    ----------
    config : Config
    ticks : int        length of each of the two runs after the warm-up
    horizon : int      ticks for which a metaorder is worked
    low, high : float  smallest and largest size, of the shares that trade in a day

    Source
    ------
    Toth et al. (2011), Anomalous price impact and the critical nature of liquidity, Physical
    Review X 1, 021006; Sato and Kanazawa (2024), arXiv 2411.13965: exponent 0.489
    """
    config = _with_trader(config)
    plain, volume = _mids(config, ticks, {})
    sizes = np.geomspace(low, high, SIZES)
    per_day = volume * config.ticks_per_day
    plan = _plan(len(config.symbols), ticks, horizon)
    moved, _ = _mids(config, ticks, _children(plan, sizes, per_day, horizon))
    minute = max(round(config.ticks_per_minute), 1)
    daily = np.diff(np.log(plain[::minute]), axis=0).std(axis=0) * np.sqrt(DAY_MINUTES)
    change = np.log(moved / plain) / daily
    found: list[list[float]] = [[] for _ in sizes]
    for each in plan:
        end = slice(each.start + horizon - max(horizon // 4, 1), each.start + horizon)
        found[each.size].append(each.side * change[end, each.market].mean())
    impact = np.array([np.mean(values) for values in found])
    error = np.array([np.std(values, ddof=1) / np.sqrt(len(values)) for values in found])
    return fit(sizes, impact, error)


def fit(size: np.ndarray, impact: np.ndarray, error: np.ndarray) -> Impact:
    """The power law through mean impacts, by least squares of the logarithms."""
    if not (impact > 0).all():
        return Impact(size, impact, error, np.nan, np.nan, np.nan)
    x, y = np.log(size), np.log(impact)
    exponent, constant = np.polyfit(x, y, 1)
    r2 = float(np.corrcoef(x, y)[0, 1] ** 2)
    return Impact(size, impact, error, float(exponent), float(np.exp(constant)), r2)


def pooled(impacts: "list[Impact]") -> Impact:
    """The mean over runs."""
    impact = np.mean([each.impact for each in impacts], axis=0)
    error = np.sqrt(np.sum([each.error**2 for each in impacts], axis=0)) / len(impacts)
    return fit(impacts[0].size, impact, error)


def square_root_impact(impact: Impact) -> list[Fact]:
    """Impact grows like the square root of size."""
    size = f"Q/V from {impact.size[0]:.2%} to {impact.size[-1]:.1%}"
    name = f"exponent d of impact / daily volatility = c (Q/V)^d, {size}"
    known = np.isfinite(impact.exponent)
    return [
        Fact(
            IMPACT[0],
            name,
            impact.exponent,
            float("nan"),
            "0.4 to 0.6",
            bool(known and 0.4 <= impact.exponent <= 0.6),
            0.4,
            0.6,
        ),
        Fact(
            IMPACT[1],
            "R2 of that fit of logarithms",
            impact.r2,
            float("nan"),
            "> 0.9",
            bool(known and impact.r2 > 0.9),
            0.9,
            1.0,
        ),
    ]


def _with_trader(config: "Config") -> "Config":
    """The market with one more agent, who has plenty and never acts by itself."""
    smart = [each.model_dump(mode="json") for each in config.smart]
    shares = min(config.outstanding) // 20
    trader = {"kind": "noise_trader", "count": 1, "probability": 0.0}
    smart.append({**trader, "cash": 10**10, "shares": shares})
    return config.with_(smart=smart)


def _plan(markets: int, ticks: int, horizon: int) -> list[Metaorder]:
    """Who trades when: every symbol sees every size in turn, as a buy and as a sell."""
    each = horizon + GAP
    return [
        Metaorder(m, 1 if (m + turn // SIZES) % 2 else -1, (m + turn) % SIZES, turn * each + FIRST)
        for turn in range((ticks - FIRST - horizon - 1) // each + 1)
        for m in range(markets)
    ]


def _children(
    plan: list[Metaorder], sizes: np.ndarray, per_day: np.ndarray, horizon: int
) -> dict[int, list[tuple[int, int, int]]]:
    """Market orders by the tick in which they arrive: (market, side, shares)."""
    orders: dict[int, list[tuple[int, int, int]]] = {}
    for each in plan:
        done = sizes[each.size] * per_day[each.market] * np.arange(horizon + 1) / horizon
        for piece, qty in enumerate(np.diff(np.rint(done)).astype(int).tolist()):
            if qty:
                orders.setdefault(each.start + piece, []).append((each.market, each.side, qty))
    return orders


def _mids(
    config: "Config", ticks: int, orders: dict[int, list[tuple[int, int, int]]]
) -> tuple[np.ndarray, np.ndarray]:
    """Mids after each tick, float64 (tick, symbol), and shares traded per tick, (symbol,)."""
    from qtg.schemas import OrdType
    from qtg.simulation import Simulation

    sim = Simulation(config).run(config.warmup.ticks)
    trader = int(sim.agents("noise_trader")[-1])
    view = sim.exchange.view
    mids, volume = np.empty((ticks, len(config.symbols))), np.zeros(len(config.symbols))
    for tick in range(ticks):
        due = orders.get(tick)
        if due:
            market, side, qty = (np.array(column) for column in zip(*due, strict=True))
            columns = {"market": market, "side": side, "qty": qty}
            n = len(qty)
            sim.submit(
                {**columns, "ord_type": np.full(n, OrdType.MARKET), "agent": np.full(n, trader)}
            )
        sim.step()
        mids[tick] = view.mid
        volume += view.volume
    return mids, volume / ticks
