"""Risk of every agent, from the equity snapshots of a run.

Returns are those from one snapshot to the next, `storage.equity_every` ticks later. What is given
by the year is scaled to a year of 252 days of 6.5 hours of simulated time, as in the report. Cash
earns nothing in a simulation, so the risk-free rate is 0.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from qtg.schemas import F64, I64, PRICE_SCALE

from .. import quant

if TYPE_CHECKING:
    import polars as pl

    from ..result import Result

TRADING_MS_PER_YEAR = 252 * 6.5 * 3_600_000
MEASURES = (
    "volatility",
    "sharpe",
    "sortino",
    "max_drawdown",
    "var_95",
    "var_99",
    "parametric_var_95",
    "beta",
)
AGENTS_AT_ONCE = 1_024  # so that memory stays bounded however many agents there are


class Worth(NamedTuple):
    """Equity by tick and agent, NaN where there is none."""

    tick: I64  # (T,)
    agent: I64  # (A,)
    equity: F64  # (T, A), currency


def risk(run: "Result") -> "pl.DataFrame":
    """Risk of every agent whose equity was stored.

    Parameters
    ----------
    run : Result

    Returns
    -------
    DataFrame    agent, kind, returns (how many), volatility, sharpe and sortino (by the year),
        max_drawdown (a fraction of the peak), var_95 and var_99 (historical: the loss in one
        interval that one in twenty, one in a hundred exceeds, as a fraction), parametric_var_95
        (of normal returns), beta (to the value of all shares at the last price; null if the run
        stored no quotes). Null where the agent's returns leave it undefined: fewer than two, or all
        equal. A snapshot at the end that falls between two intervals counts for the drawdown alone.

    Raises
    ------
    StorageError    the run stored no equity

    Source
    ------
    Formulas and their sources: `qtg.quant`
    """
    return risk_of(run, None)


def risk_of(run: "Result", agents: list[int] | None) -> "pl.DataFrame":
    """`risk` of some agents; those whose equity was not stored have no row."""
    import polars as pl

    rows = run.scan("equity", raw=True)
    if agents is not None:
        rows = rows.filter(pl.col("agent").is_in(agents))
    kinds = rows.select("agent", pl.col("kind").cast(pl.String)).unique("agent").collect()
    worth = _worth(rows.select("tick", "agent", "equity").collect())
    every = int(run.config["storage"]["equity_every"])
    periods = TRADING_MS_PER_YEAR / (every * int(run.config["tick_ms"]))
    market = _on_grid(worth.tick, every, _market_value(run, worth.tick)[:, np.newaxis])
    measured = {"agent": worth.agent, "returns": np.zeros(len(worth.agent), np.int64)}
    measured |= {name: np.full(len(worth.agent), np.nan) for name in MEASURES}
    for first in range(0, len(worth.agent), AGENTS_AT_ONCE):
        some = slice(first, first + AGENTS_AT_ONCE)
        equity = worth.equity[:, some]
        found = _measures(equity, _on_grid(worth.tick, every, equity), periods, market)
        for name, values in found.items():
            measured[name][some] = values + 0  # which takes the minus from a 0
    frame = pl.DataFrame(measured).with_columns(
        pl.col(MEASURES).fill_nan(None),
        pl.col("agent").cast(pl.Int32),
    )
    frame = frame.join(kinds, on="agent", how="left", maintain_order="left")
    return frame.select("agent", "kind", "returns", *MEASURES)


def _measures(equity: F64, on_grid: F64, periods: float, market: F64) -> dict[str, F64 | I64]:
    """Every measure of some agents, from (T, A) and, a whole interval apart, (G, A)."""
    returns = quant.returns(on_grid)
    moves = np.broadcast_to(quant.returns(market), returns.shape)
    return {
        "returns": np.isfinite(returns).sum(axis=0),
        "volatility": quant.volatility(returns, periods=periods),
        "sharpe": quant.sharpe(returns, periods=periods),
        "sortino": quant.sortino(returns, periods=periods),
        "max_drawdown": quant.max_drawdown(equity),
        "var_95": quant.historical_var(returns, 0.95),
        "var_99": quant.historical_var(returns, 0.99),
        "parametric_var_95": quant.parametric_var(returns, 0.95),
        "beta": quant.beta(returns, moves),
    }


def _worth(rows: "pl.DataFrame") -> Worth:
    tick, at = np.unique(rows["tick"].to_numpy(), return_inverse=True)
    agent, whose = np.unique(rows["agent"].to_numpy(), return_inverse=True)
    equity = np.full((len(tick), len(agent)), np.nan)
    equity[at, whose] = rows["equity"].to_numpy() / PRICE_SCALE
    return Worth(tick, agent, equity)


def _on_grid(tick: I64, every: int, values: F64) -> F64:
    """Rows a whole interval apart, NaN where one is missing; at least one row."""
    place, between = np.divmod(tick, every)
    on = between == 0
    if not on.any():
        return np.full((1, values.shape[1]), np.nan)
    place = place[on] - place[on][0]
    grid = np.full((place[-1] + 1, values.shape[1]), np.nan)
    grid[place] = values[on]
    return grid


def _market_value(run: "Result", tick: I64) -> F64:
    """Value of all shares at the last price after each tick, float64 (T,); NaN without quotes."""
    import polars as pl

    if "quotes" not in run.tables:
        return np.full(len(tick), np.nan)
    shares = run.scan("instruments", raw=True).select(
        "symbol", "initial_price", pl.col("shares_outstanding").cast(pl.Int128).alias("shares")
    )
    start = shares.select((pl.col("initial_price") * pl.col("shares")).sum()).collect().item()
    quotes = run.scan("quotes", raw=True).filter(pl.col("tick").is_in(tick.tolist()))
    value = (
        quotes.join(shares, on="symbol")
        .group_by("tick")
        .agg((pl.col("last") * pl.col("shares")).sum().cast(pl.Float64).alias("value"))
    )
    known = dict(value.collect().iter_rows()) | {0: float(start)}
    return np.array([known.get(each, np.nan) for each in tick.tolist()])
