"""A made-up run with the attributes of a Result: random-walk prices, plausible tick times."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from qtg.errors import StorageError

START = datetime(2024, 1, 2, 9, 30)
NAMES = ["AAPL", "MSFT", "NVDA", "XOM", "CVX", "JPM", "GS", "JNJ", "PFE", "WMT"]
KINDS = {
    "NoiseTrader": ("smart", 30),
    "MarketMaker": ("smart", 20),
    "ThresholdBuyer": ("reactive", 40),
    "ThresholdSeller": ("reactive", 40),
    "MomentumFollower": ("reactive", 20),
    "Pool": ("house", 1),
}
PHASES = {
    "news": 0.03,
    "smart": 0.12,
    "wake": 0.08,
    "background": 0.35,
    "admit": 0.11,
    "delay": 0.1,
    "match": 0.85,
    "settle": 0.25,
    "publish": 0.4,
}


@dataclass
class FakeRun:
    """Stands in for `qtg.result.Result`; a table that the run lacks is None."""

    quotes: pl.DataFrame | None = None
    candles: pl.DataFrame | None = None
    metrics: pl.DataFrame | None = None
    agents: pl.DataFrame | None = None
    instruments: pl.DataFrame | None = None
    orders: pl.DataFrame | None = None
    news: pl.DataFrame | None = None
    equity: pl.DataFrame | None = None  # money in units of 1e-4
    config: dict[str, Any] = field(default_factory=dict)
    trace_hash: str = "5f0c93a1d27be486"
    status: str = "complete"
    about: dict[str, Any] = field(default_factory=dict)

    def info(self) -> dict[str, Any]:
        return self.about

    def scan(self, name: str, raw: bool = False) -> pl.LazyFrame:
        frame = getattr(self, name)
        if frame is None:
            raise StorageError(f"this run did not store {name}")
        return frame.lazy()


def fake_run(ticks: int = 300, symbols: int = 3, seed: int = 7) -> FakeRun:
    """A complete run of `ticks` one-second ticks."""
    rng = np.random.default_rng(seed)
    names = (NAMES + [f"S{i:03d}" for i in range(symbols)])[:symbols]
    quotes = pl.concat([_quotes(rng, name, ticks) for name in names]).sort("tick", "symbol")
    candles = pl.concat([_candles(quotes, seconds) for seconds in (60, 300, 3600)])
    return FakeRun(
        quotes=quotes,
        candles=candles.sort("timeframe", "tick", "symbol"),
        metrics=_metrics(rng, ticks),
        agents=_agents(rng, ticks),
        equity=_equity(seed, ticks),
        instruments=_instruments(names),
        orders=_rejections(rng),
        config={
            "name": "standard",
            "seed": seed,
            "ticks": ticks,
            "smart": [{"kind": "NoiseTrader", "count": 60}, {"kind": "MarketMaker", "count": 40}],
            "reactive": [{"kind": "MomentumFollower", "count": 10_000}],
            "background": {"count": 90_000, "regime": "normal"},
            "warmup": {"ticks": 0},
        },
        about={"seed": seed, "versions": {"qtg": "0.1.0"}, "created": "2026-01-05T14:30:00+00:00"},
    )


def _time(tick: pl.Expr) -> pl.Expr:
    return (pl.lit(START) + pl.duration(seconds=tick)).cast(pl.Datetime("ns", "UTC"))


def _walk(rng: np.random.Generator, ticks: int) -> tuple[np.ndarray, np.ndarray]:
    volatility = np.exp(np.convolve(rng.normal(0, 0.12, ticks + 60), np.ones(60), "valid")[:ticks])
    shock = rng.standard_t(4, ticks) * 1.6e-4 * volatility
    fair = np.exp(np.cumsum(rng.normal(0, 1.2e-4, ticks)))
    gap = np.zeros(ticks)
    for t in range(1, ticks):
        gap[t] = 0.985 * gap[t - 1] + shock[t]
    return fair * np.exp(gap), fair


def _quotes(rng: np.random.Generator, name: str, ticks: int) -> pl.DataFrame:
    start = rng.uniform(40, 400)
    price, fair = (start * x for x in _walk(rng, ticks))
    half = rng.geometric(0.55, ticks) * 0.005
    bid = np.floor((price - half) * 100) / 100
    ask = np.maximum(np.ceil((price + half) * 100) / 100, bid + 0.01)
    moved = np.abs(np.diff(price, prepend=price[0])) / price
    volume = rng.poisson(900 + moved * 6e6) * rng.integers(0, 2, ticks)
    return pl.DataFrame(
        {
            "tick": np.arange(ticks),
            "symbol": [name] * ticks,
            "bid": bid,
            "ask": ask,
            "bid_qty": rng.gamma(2, 300, ticks).astype(np.int64),
            "ask_qty": rng.gamma(2, 320, ticks).astype(np.int64),
            "bid_orders": rng.poisson(2400, ticks),
            "ask_orders": rng.poisson(2500, ticks),
            "last": np.where(rng.random(ticks) < 0.5, bid, ask),
            "fair_value": fair.round(4),
            "volume": volume,
        }
    ).with_columns(_time(pl.col("tick")).alias("time"))


def _candles(quotes: pl.DataFrame, seconds: int) -> pl.DataFrame:
    traded = quotes.filter(pl.col("volume") > 0).with_columns(
        (pl.col("tick") // seconds * seconds).alias("start")
    )
    bars = traded.group_by("start", "symbol").agg(
        pl.col("last").first().alias("open"),
        pl.col("last").max().alias("high"),
        pl.col("last").min().alias("low"),
        pl.col("last").last().alias("close"),
        pl.col("volume").sum(),
        (pl.col("last") * pl.col("volume")).sum().alias("notional"),
        (pl.col("volume") // 40 + 1).sum().alias("trades"),
    )
    return bars.rename({"start": "tick"}).with_columns(
        _time(pl.col("tick")).alias("time"), pl.lit(seconds).alias("timeframe")
    )


def _metrics(rng: np.random.Generator, ticks: int) -> pl.DataFrame:
    slow = np.where(rng.random(ticks) < 0.02, rng.uniform(1.5, 4, ticks), 1.0)
    frame = {"tick": np.arange(ticks)}
    for phase, milliseconds in PHASES.items():
        noise = rng.lognormal(0, 0.18, ticks) * (slow if phase in ("match", "publish") else 1)
        frame[f"{phase}_ns"] = (milliseconds * 1e6 * noise).astype(np.int64)
    frame["total_ns"] = sum(frame[f"{phase}_ns"] for phase in PHASES) + 30_000
    mood = 1 + 0.3 * np.sin(np.arange(ticks) / 180)
    frame["orders_smart"] = rng.poisson(60 * mood)
    frame["orders_reactive"] = rng.poisson(400 * mood**3)
    frame["orders_background"] = rng.poisson(27_000 * mood)
    frame["woken"] = rng.poisson(600 * mood**3)
    frame["orders"] = frame["orders_smart"] + frame["orders_reactive"] + frame["orders_background"]
    frame["rejected"] = rng.poisson(120, ticks)
    frame["events"] = frame["orders"] * 2
    frame["trades"] = rng.poisson(5_200 * mood)
    frame["accepted"] = rng.poisson(20_000 * mood)
    frame["canceled"] = rng.poisson(6_000 * mood)
    frame["regime"] = _regimes(ticks)
    frame["resting"] = 40_000 + np.cumsum(rng.integers(-50, 55, ticks))
    return pl.DataFrame(frame).with_columns(_time(pl.col("tick")).alias("time"))


def _regimes(ticks: int) -> list[str]:
    """Normal, with a burst in the second and a crisis in the last fifth."""
    fifth = max(ticks // 5, 1)
    names = {1: "burst", 4: "crisis"}
    return [names.get(tick // fifth, "normal") for tick in range(ticks)]


def _agents(rng: np.random.Generator, ticks: int) -> pl.DataFrame:
    kind = np.repeat(list(KINDS), [n for _, n in KINDS.values()])
    tier = np.repeat([t for t, _ in KINDS.values()], [n for _, n in KINDS.values()])
    drift = dict(zip(KINDS, (-900, 1400, 250, -150, -500, 800), strict=True))
    pnl, frames = np.zeros(len(kind)), []
    for tick in range(0, ticks, max(1, ticks // 60)):
        pnl = pnl + rng.normal([drift[k] for k in kind], 9_000)
        realized = pnl * 0.6
        columns = {"tick": np.full(len(kind), tick), "agent": np.arange(len(kind))}
        columns |= {"kind": kind, "tier": tier, "cash": 1e6 + realized, "equity": 1e6 + pnl}
        columns |= {"realized_pnl": realized, "unrealized_pnl": pnl - realized, "fees": pnl * 0}
        frames.append(pl.DataFrame(columns))
    return pl.concat(frames).with_columns(_time(pl.col("tick")).alias("time"))


def _equity(seed: int, ticks: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    kind = np.repeat(["NoiseTrader", "MarketMaker"], [30, 20])
    worth, frames = rng.integers(10**9, 10**10, len(kind)), []
    for tick in range(0, ticks, 10):
        columns = {"tick": np.full(len(kind), tick), "agent": np.arange(len(kind)), "kind": kind}
        frames.append(pl.DataFrame(columns | {"equity": worth}))
        worth = worth + rng.integers(-(10**6), 10**6, len(kind))
    return pl.concat(frames).with_columns(_time(pl.col("tick")).alias("time"))


def _instruments(names: list[str]) -> pl.DataFrame:
    return pl.DataFrame({"symbol": names}).with_columns(
        pl.lit("tech").alias("sector"),
        pl.lit(0.01).alias("tick_size"),
        pl.lit(1).alias("lot_size"),
        pl.lit(100.0).alias("initial_price"),
        pl.lit(1_000_000).alias("shares_outstanding"),
    )


def _rejections(rng: np.random.Generator) -> pl.DataFrame:
    reasons = ["insufficient_cash", "insufficient_shares", "self_trade", "off_tick"]
    reason = rng.choice(reasons, 2_000, p=[0.6, 0.3, 0.08, 0.02])
    return pl.DataFrame({"exec_type": ["rejected"] * 2_000, "reason": reason})
