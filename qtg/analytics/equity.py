"""Equity curves: what an agent, or the agents of a kind, were worth over time."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qtg.schemas import PRICE_SCALE

from ..config.spelling import did_you_mean
from ..errors import ConfigError, StorageError

if TYPE_CHECKING:
    import polars as pl

    from ..result import Result

LOW, HIGH = 0.05, 0.95  # ends of the band around the median


def equity_curve(run: "Result", who: "int | str") -> "pl.DataFrame":
    """The equity of an agent, or of the agents of a kind, at the ticks of `run.equity`.

    Parameters
    ----------
    run : Result
    who : int or str    an agent row, or a kind

    Returns
    -------
    DataFrame    of an agent: tick, time, cash, position_value, equity, pnl [currency] and return,
        both since its first row. Of a kind: tick, time, agents, equity and pnl summed over them
        [currency], and median, low and high of their returns (low and high hold nine in ten).
        Returns are null where the equity at the start was not above 0.

    Raises
    ------
    ConfigError     no such agent or kind in this run
    StorageError    the run did not store this agent's or kind's equity
    """
    import polars as pl

    equity = run.scan("equity", raw=True)
    if isinstance(who, str):
        _require(run, who, equity)
        return curves_by_kind(equity.filter(_is_of(who))).drop("kind")
    mine = equity.filter(pl.col("agent") == who).sort("tick").collect()
    if not mine.height:
        raise StorageError(
            f"this run did not store the equity of agent {who}, but of {_stored(equity)}; name its "
            "tier or kind in storage.equity_of and run again"
        )
    start = int(mine["equity"][0])
    gain = pl.col("equity") - start
    share = gain / start if start > 0 else pl.lit(None, pl.Float64)
    mine = mine.drop("agent", "kind").with_columns(pnl=gain, **{"return": share})
    return mine.with_columns(in_currency("cash", "position_value", "equity", "pnl"))


def curves_by_kind(equity: "pl.LazyFrame") -> "pl.DataFrame":
    """Equity per kind and tick: sums over its agents, and the spread of their returns.

    Parameters
    ----------
    equity : LazyFrame    tick, time, agent, kind, equity [1e-4]

    Returns
    -------
    DataFrame    kind, tick, time, agents, equity and pnl [currency], median, low, high; sorted by
        kind and tick
    """
    import polars as pl

    first = equity.filter(pl.col("tick") == pl.col("tick").min())
    first = first.select("agent", start="equity")
    gain = pl.col("equity") - pl.col("start")
    share = pl.when(pl.col("start") > 0).then(gain / pl.col("start"))
    curves = (
        equity.join(first, on="agent", how="left")
        .group_by(pl.col("kind").cast(pl.String), "tick")
        .agg(
            pl.col("time").first(),
            pl.len().alias("agents"),
            pl.col("equity").sum(),
            gain.sum().alias("pnl"),
            share.median().alias("median"),
            share.quantile(LOW, "linear").alias("low"),
            share.quantile(HIGH, "linear").alias("high"),
        )
    )
    return curves.with_columns(in_currency("equity", "pnl")).sort("kind", "tick").collect()


def in_currency(*names: str) -> "list[pl.Expr]":
    """Columns of whole units of 1e-4 as the currency, exactly as the tables show it."""
    import polars as pl

    return [(pl.col(name) / float(PRICE_SCALE)).round(4) for name in names]


def known_kind(kind: str, kinds: Iterable[str]) -> None:
    """Raise a ConfigError unless there are agents of this kind."""
    names = list(kinds)
    if kind not in names:
        raise ConfigError(f"no agents of kind {kind!r} in this run; {did_you_mean(kind, names)}")


def _require(run: "Result", kind: str, equity: "pl.LazyFrame") -> None:
    known_kind(kind, run.info()["kinds"])
    if not equity.filter(_is_of(kind)).head(1).collect().height:
        raise StorageError(
            f"this run did not store the equity of {kind}, but of {_stored(equity)}; add {kind!r} "
            "to storage.equity_of and run again"
        )


def _is_of(kind: str) -> "pl.Expr":
    import polars as pl

    return pl.col("kind").cast(pl.String) == kind


def _stored(equity: "pl.LazyFrame") -> str:
    import polars as pl

    kinds = equity.select(pl.col("kind").cast(pl.String)).unique().collect()["kind"].sort()
    return ", ".join(kinds) or "nobody"
