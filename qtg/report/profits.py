"""Profit and loss of the agents, summed where the snapshots lie, so that they may be large."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtg.analytics.equity import curves_by_kind
from qtg.errors import StorageError
from qtg.schemas import PRICE_SCALE, Tier

from .tables import sentence

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Profits:
    """What the snapshots of the agents say about profit and loss.

    Attributes
    ----------
    by_kind : frame   tick, kind, agents, realized, unrealized, pnl; sorted by tick and kind
    last : frame      kind, pnl; one row per agent of the last snapshot, house accounts left out
    equity : frame    kind, tick, agents, median, low, high of the agents' returns since the start;
        empty if the run stored no equity
    missing : str     why there are no rows, as a sentence; empty if there are
    """

    by_kind: "pl.DataFrame"
    last: "pl.DataFrame"
    equity: "pl.DataFrame"
    missing: str = ""


def read_profits(result: Any) -> Profits:
    """Sum the snapshots of a run by kind; without snapshots, say why."""
    import polars as pl

    try:
        agents = result.scan("agents")
    except StorageError as error:
        return Profits(pl.DataFrame(), pl.DataFrame(), pl.DataFrame(), sentence(error))
    kind, pnl = pl.col("kind").cast(pl.String), pl.col("realized_pnl") + pl.col("unrealized_pnl")
    sums = agents.group_by("tick", kind).agg(
        pl.len().alias("agents"),
        _exact_sum(pl.col("realized_pnl")).alias("realized"),
        _exact_sum(pl.col("unrealized_pnl")).alias("unrealized"),
        _exact_sum(pnl).alias("pnl"),
    )
    by_kind = sums.sort("tick", "kind").collect()
    if by_kind.height == 0:
        return Profits(by_kind, by_kind, by_kind, "The run took no snapshots of its agents.")
    own = pl.col("tier").cast(pl.String) != Tier.HOUSE.name.lower()
    last = agents.filter(pl.col("tick") == by_kind["tick"].max(), own)
    return Profits(by_kind, last.select(kind, pnl.alias("pnl")).collect(), _equity(result))


def _exact_sum(amount: "pl.Expr") -> "pl.Expr":
    """The sum of money, the same in whatever order the rows come."""
    return (amount * PRICE_SCALE).round().cast(int).sum() / PRICE_SCALE


def _equity(result: Any) -> "pl.DataFrame":
    import polars as pl

    try:
        return curves_by_kind(result.scan("equity", raw=True))
    except StorageError:
        return pl.DataFrame()
