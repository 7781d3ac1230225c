"""The facts of a run that head its report."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .context import Context
from .engine_charts import tick_milliseconds
from .tables import Tables, column

if TYPE_CHECKING:
    import polars as pl

TIERS = ("smart", "reactive", "background")


@dataclass(frozen=True)
class Facts:
    """What the head of the report says; None or NaN where a run does not tell.

    Orders, trades, times and rates are of the ticks after the warm-up; rates are per second of
    wall-clock time spent in ticks; `active_share` is the mean share of
    the agents that act in a tick (all of tier 1, the woken of tier 2, the orders of tier 3).
    """

    name: str
    status: str
    reason: str
    trace_hash: str
    seed: int | None
    version: str
    created: str
    regime: str
    tiers: dict[str, int]
    symbols: int
    ticks: int  # without the warm-up
    warmup_ticks: int
    tick_seconds: float  # simulated
    wall_seconds: float
    orders: float
    trades: float
    active_share: float
    p50_ms: float
    p99_ms: float

    @property
    def agents(self) -> int:
        """Agents of all tiers."""
        return sum(self.tiers.values())

    def rate(self, count: float) -> float:
        """`count` per second of wall-clock time."""
        return count / self.wall_seconds if self.wall_seconds > 0 else float("nan")


def read_facts(result: Any, context: Context, name: str) -> Facts:
    """Gather the facts from the configuration, the metrics and what the run says of itself.

    Parameters
    ----------
    result : Result
    context : Context   read from the same result
    name : str          used where the run does not tell its name
    """
    config, info = context.config, result.info()
    tiers = {tier: population(config.get(tier)) for tier in TIERS}
    metrics = context.tables.get("metrics")
    own = None if metrics is None else context.own(metrics)
    total = np.array([]) if own is None else tick_milliseconds(own)[0]
    p50, p99 = np.percentile(total, [50, 99]) if len(total) else (np.nan, np.nan)
    ticks = _ticks(context.tables)
    background = config.get("background")
    return Facts(
        name=str(config.get("name") or name),
        status=str(result.status),
        reason=str(info.get("reason") or ""),
        trace_hash=str(result.trace_hash or ""),
        seed=info.get("seed", config.get("seed")),
        version=str((info.get("versions") or {}).get("qtg", "")),
        created=str(info.get("created") or ""),
        regime=str(background.get("regime", "")) if isinstance(background, Mapping) else "",
        tiers=tiers,
        symbols=len(_names(context)),
        ticks=len(total) or ticks,
        warmup_ticks=ticks - len(total) if len(total) else 0,
        tick_seconds=context.seconds,
        wall_seconds=float(total.sum()) / 1e3,
        orders=_sum(own, "orders"),
        trades=_sum(own, "trades"),
        active_share=_active_share(own, tiers),
        p50_ms=float(p50),
        p99_ms=float(p99),
    )


def _names(context: Context) -> list[str]:
    instruments = context.tables.get("instruments")
    return context.symbols if instruments is None else instruments["symbol"].to_list()


def _ticks(tables: Tables) -> int:
    for name in ("metrics", "quotes"):
        frame = tables.get(name)
        if frame is not None:
            return int(frame["tick"].n_unique())
    return 0


def _sum(metrics: "pl.DataFrame | None", name: str) -> float:
    return float("nan") if metrics is None else float(np.nansum(column(metrics, name)))


def population(node: Any) -> int:
    """Sum of all `count` settings at or below a part of a configuration.

    Examples
    --------
    >>> population([{"kind": "NoiseTrader", "count": 60}, {"kind": "MarketMaker", "count": 40}])
    100
    """
    if isinstance(node, Mapping):
        if isinstance(node.get("count"), int):
            return int(node["count"])
        return sum(population(part) for part in node.values())
    if isinstance(node, list | tuple):
        return sum(population(part) for part in node)
    return 0


def _active_share(metrics: "pl.DataFrame | None", tiers: dict[str, int]) -> float:
    agents = sum(tiers.values())
    if metrics is None or not agents:
        return float("nan")
    acting = [n for n in ("woken", "orders_background") if n in metrics.columns]
    per_tick = sum(float(np.nanmean(column(metrics, name))) for name in acting)
    return (tiers.get("smart", 0) + per_tick) / agents
