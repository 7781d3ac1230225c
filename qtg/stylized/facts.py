"""The facts: each takes bars or tables and returns a statistic per symbol."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from qtg.report.statistics import autocorrelation, moments

from .bars import Bars, log_returns, warmup_ticks

if TYPE_CHECKING:
    from qtg.result import Result

FEWEST = 30  # values behind a statistic


class Fact(NamedTuple):
    """A statistic of a run beside its gate."""

    name: str
    statistic: str
    value: float  # NaN if it could not be measured
    error: float  # standard error over symbols; NaN for fewer than two
    gate: str
    passed: bool | None  # None if it could not be measured
    low: float = -np.inf  # ends of the gate
    high: float = np.inf


def linear_autocorrelation(bars: Bars) -> list[Fact]:
    """Returns cannot be foretold from returns: lags 2 to 10 (lag 1 may bounce)."""
    acf = _acf(log_returns(bars.close), 10)[:, 1:]
    worst = int(np.argmax(np.abs(np.nanmean(acf, axis=0)))) if len(acf) else 0
    values = acf[:, worst] if len(acf) else np.zeros(0)
    name = f"ACF of 1-minute log returns, largest of lags 2-10 (lag {worst + 2})"
    return [_fact("no linear autocorrelation", name, values, "|x| <= 0.05", -0.05, 0.05)]


def heavy_tails(bars: Bars) -> list[Fact]:
    """Returns have fat tails, that thin out over longer times (aggregational normality)."""
    short = _each(log_returns(bars.close), lambda r: moments(r).excess_kurtosis)
    falls = []
    for minute, longer in zip(log_returns(bars.close), log_returns(bars.close, 20), strict=True):
        if len(longer) >= FEWEST:
            falls.append(moments(minute).excess_kurtosis - moments(longer).excess_kurtosis)
    return [
        _fact("heavy tails", "excess kurtosis of 1-minute returns", short, "> 1", 1.0, np.inf),
        _fact(
            "aggregational normality",
            "excess kurtosis at 1 minute less that at 20 minutes",
            np.array(falls),
            "> 0",
            0.0,
            np.inf,
        ),
    ]


def tail_index(bars: Bars) -> list[Fact]:
    """The tail falls as a power: Hill (1975), A simple general approach to inference about the
    tail of a distribution, over the largest 5% of absolute returns."""
    values = _each(log_returns(bars.close), hill)
    return [_fact("tail index", "Hill, largest 5% of |returns|", values, "2 to 5", 2.0, 5.0)]


def hill(returns: np.ndarray, share: float = 0.05) -> float:
    """Hill's estimator of the tail index over the largest `share` of absolute values."""
    sizes = np.sort(np.abs(returns[returns != 0]))[::-1]
    k = int(share * len(returns))
    if k < 2 or len(sizes) <= k:
        return float("nan")
    return float(1.0 / np.mean(np.log(sizes[:k] / sizes[k])))


def volatility_clustering(bars: Bars) -> list[Fact]:
    """Large moves follow large moves, and the memory fades like a power of the lag."""
    acf = _acf([np.abs(r) for r in log_returns(bars.close)], 20)
    mean = np.nanmean(acf, axis=0) if len(acf) else np.full(20, np.nan)
    least = int(np.argmin(mean)) if np.isfinite(mean).all() else 0
    slope = np.nan
    if (mean > 0).all():
        slope = -float(np.polyfit(np.log(np.arange(1, 21)), np.log(mean), 1)[0])
    decay = Fact(
        "volatility clustering, decay",
        "log-log slope of that ACF",
        slope,
        float("nan"),
        "0.1 to 0.6",
        None if np.isnan(slope) else 0.1 <= slope <= 0.6,
        0.1,
        0.6,
    )
    column = acf[:, least] if len(acf) else np.zeros(0)
    name = f"ACF of |returns|, smallest of lags 1-20 (lag {least + 1})"
    return [_fact("volatility clustering", name, column, "> 0", 0.0, np.inf), decay]


def volume_and_volatility(bars: Bars) -> list[Fact]:
    """Much is traded when prices move much (clock time)."""
    values = []
    moves = np.abs(np.diff(np.log(bars.close), axis=0))
    for move, volume in zip(moves.T, bars.volume[1:].T, strict=True):
        usable = np.isfinite(move)
        if usable.sum() >= FEWEST and move[usable].std() > 0 and volume[usable].std() > 0:
            values.append(np.corrcoef(move[usable], volume[usable])[0, 1])
    name = "correlation of volume and |return|"
    return [_fact("volume and volatility", name, np.array(values), "> 0.1", 0.1, np.inf)]


def bursts(bars: Bars, window: int = 20) -> list[Fact]:
    """Extreme moves come in bursts: variance over mean of their counts (Fano, 1947)."""

    def fano(returns: np.ndarray) -> float:
        extreme = np.abs(returns) > np.quantile(np.abs(returns), 0.99)
        counts = extreme[: len(extreme) // window * window].reshape(-1, window).sum(axis=1)
        return float(counts.var(ddof=1) / counts.mean()) if counts.any() else float("nan")

    values = _each(log_returns(bars.close), fano, 10 * window)
    name = f"Fano factor of |returns| above their 99% quantile, {window}-minute windows"
    return [_fact("bursts", name, values, "> 1", 1.0, np.inf)]


def spread(run: "Result") -> list[Fact]:
    """The spread is positive, mostly a few ticks wide, and comes back to its mean."""
    if "quotes" not in run.tables:
        return [unmeasured("spread", "needs storage.quotes")]
    quotes = run.sql(
        f"""
        select q.symbol::varchar as symbol, (ask - bid) / tick_size as ticks
        from quotes q join instruments i on q.symbol = i.symbol
        where tick > {warmup_ticks(run)} and bid is not null and ask is not null
        order by q.symbol, tick
        """
    )
    widths = [rows["ticks"].to_numpy() for rows in quotes.partition_by("symbol")]
    medians = np.array([np.median(width) for width in widths])
    smallest = np.array([width.min() for width in widths])
    memory = _each(widths, _memory(1))
    return [
        _fact("spread", "median, in ticks (time-weighted)", medians, "1 to 5", 1.0, 5.0),
        _fact("spread never crossed", "smallest, in ticks", smallest, "> 0", 1e-9, np.inf),
        _fact("spread reverts", "ACF of the spread, lag 1 tick", memory, "< 1", -1.0, 0.999),
    ]


def order_flow(run: "Result") -> list[Fact]:
    """Buys follow buys: trade signs have a long memory (Lillo and Farmer, 2004; Bouchaud et al.,
    2004)."""
    import polars as pl

    sign = pl.when(pl.col("side").cast(pl.String) == "buy").then(1.0).otherwise(-1.0)
    later = run.scan("trades", raw=True).filter(pl.col("tick") > warmup_ticks(run))
    trades = later.select("symbol", sign.alias("sign")).collect()  # in the order they happened
    signs = [rows["sign"].to_numpy() for rows in trades.partition_by("symbol")]
    facts = []
    for lag in (1, 10, 100):
        values = _each(signs, _memory(lag), 100)
        name = f"ACF of trade signs, lag {lag}"
        facts.append(_fact(f"order flow, lag {lag}", name, values, "> 0", 0.0, np.inf))
    return facts


def book_shape(run: "Result") -> list[Fact]:
    """Depth rises from the best price on, and falls again far from it (Bouchaud, Mezard and
    Potters, 2002; Zovko and Farmer, 2002)."""
    if "depth" not in run.tables:
        return [unmeasured("book shape", "needs storage.depth_every")]
    peaks = np.array([float(np.argmax(mean)) for mean in mean_depth(run)])
    name = "distance from the best at which mean depth is largest, in ticks"
    return [_fact("book shape", name, peaks, "1 to 10", 1.0, 10.0)]


def mean_depth(run: "Result") -> np.ndarray:
    """float64 (symbol, distance): mean open quantity by distance from the best, both sides."""
    rows = run.sql(
        f"""
        select symbol::varchar as symbol, distance, sum(qty)::double / count(*) as qty
        from depth where tick > {warmup_ticks(run)} group by all order by all
        """
    )
    each = [part["qty"].to_numpy() for part in rows.partition_by("symbol")]
    levels = max((len(qty) for qty in each), default=0)
    return np.array([np.pad(qty, (0, levels - len(qty))) for qty in each]).reshape(-1, levels)


def anchoring(bars: Bars, run: "Result") -> list[Fact]:
    """Prices come back to fair value, and a report moves the price its way while it lasts."""
    deviation = np.log(bars.close / bars.fair_value)
    usable = [column[np.isfinite(column)] for column in deviation.T]
    memory = _each(usable, _memory(1))
    name = "ACF of log(price / fair value), lag 1 minute"
    return [_fact("anchoring", name, memory, "< 0.99", -1.0, 0.99), _reports(run)]


def _reports(run: "Result") -> Fact:
    name = "reports move prices"
    if "news" not in run.tables or "quotes" not in run.tables:
        return unmeasured(name, "needs news and storage.quotes")
    moved = run.sql(
        f"""
        select sign(n.surprise) * (after.last - before.last) as way
        from news n
        join quotes before on before.symbol = n.symbol and before.tick = n.tick - 1
        join quotes after on after.symbol = n.symbol
          and after.tick = n.tick + greatest(n.duration, 20)
        where n.kind = 'earnings' and n.tick > {warmup_ticks(run)}
        """
    )["way"].to_numpy()
    if len(moved) < 5:
        return unmeasured(name, f"{len(moved)} earnings reports; needs 5")
    share = float(np.mean(moved > 0))
    error = float(np.sqrt(share * (1 - share) / len(moved)))
    statistic = f"share of {len(moved)} earnings reports after which the price went their way"
    return Fact(name, statistic, share, error, "> 0.5", share > 0.5, 0.5, 1.0)


def _acf(series: list[np.ndarray], lags: int) -> np.ndarray:
    """float64 (symbol, lag): of the series that are long enough and vary."""
    rows = [autocorrelation(r, lags) for r in series if len(r) >= max(FEWEST, 2 * lags)]
    rows = [row for row in rows if np.isfinite(row).all()]
    return np.array(rows).reshape(-1, lags)


def _memory(lag: int) -> Callable[[np.ndarray], float]:
    """The autocorrelation at one lag."""
    return lambda values: float(autocorrelation(values, lag)[-1])


def _each(
    series: list[np.ndarray], statistic: Callable[[np.ndarray], float], least: int = FEWEST
) -> np.ndarray:
    """The statistic of each series that is long enough and has one."""
    found = (statistic(r) for r in series if len(r) >= least)
    return np.array([value for value in found if np.isfinite(value)])


def _fact(
    name: str, statistic: str, values: np.ndarray, gate: str, low: float, high: float
) -> Fact:
    """The median over symbols must lie in `low` to `high`."""
    if not len(values):
        return unmeasured(name, statistic)
    value = round(float(np.median(values)), 9)  # spreads are quotients of decimals
    error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")
    return Fact(name, statistic, value, error, gate, low <= value <= high, low, high)


def unmeasured(name: str, why: str) -> Fact:
    return Fact(name, f"not measured: {why}", float("nan"), float("nan"), "", None)
