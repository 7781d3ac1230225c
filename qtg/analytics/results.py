"""What every agent made: exact sums of the ledger's units, and who made most."""

from typing import TYPE_CHECKING

from qtg.schemas import PRICE_SCALE, Account

from ..config.spelling import did_you_mean
from ..errors import ConfigError
from .equity import in_currency, known_kind
from .risk import risk_of
from .snapshots import snapshot_ticks

if TYPE_CHECKING:
    import polars as pl

    from ..result import Result

MONEY = ("start_equity", "final_equity", "pnl", "fees", "borrow_fees")
RANKED = (*MONEY, "return", "trades", "volume", "sharpe", "sortino", "max_drawdown", "var_95")
LESS_IS_BETTER = ("max_drawdown", "var_95")
OF_RISK = ("sharpe", "sortino", "max_drawdown", "var_95")

# What an account got when it was opened belongs to its start, not to its profit.
_ADDED = """select agent, sum(cash - cash_before)::bigint as more from raw.openings
    where tick > {first} and tick <= {last} group by agent"""
_NOTHING_ADDED = "select 0 as agent, 0 as more where false"

# The pool has no portfolio of its own: its profit is that of its trading (see `qtg.portfolio`).
_QUERY = """
with fills as (
    select tick, buyer_id as agent, qty, price * qty as notional from raw.trades
    union all
    select tick, seller_id, qty, price * qty from raw.trades
), traded as (
    select agent, count(*) as trades, sum(qty) as volume, sum(notional) as turnover
    from fills where tick > {first} and tick <= {last} group by agent
), added as (
    {added}
), opened as (
    select a.* replace (equity + coalesce(more, 0) as equity)
    from raw.agents a left join added using (agent) where tick = {first}
)
select a.agent, a.tier::varchar as tier, a.kind::varchar as kind,
       o.equity as start_equity, a.equity as final_equity,
       case a.agent when {pool} then
           a.realized_pnl + a.unrealized_pnl - o.realized_pnl - o.unrealized_pnl
           - (a.fees - o.fees) - (a.borrow_fees - o.borrow_fees)
       else a.equity - o.equity end as pnl,
       a.fees - o.fees as fees, a.borrow_fees - o.borrow_fees as borrow_fees,
       coalesce(trades, 0) as trades, coalesce(volume, 0) as volume,
       coalesce(turnover, 0) as turnover
from raw.agents a join opened o using (agent) left join traded using (agent)
where a.tick = {last}
order by a.agent
"""


def agent_results(run: "Result") -> "pl.DataFrame":
    """One row per account of the run, from the first snapshot to the last, in whole units.

    Returns
    -------
    DataFrame    agent, tier, kind, start_equity, final_equity, pnl, fees, borrow_fees [1e-4],
        trades (fills), volume [shares], turnover [1e-4]; sorted by agent, the pool and the house
        included. An account that was opened during the run starts with the cash of its opening.
        The pool's pnl is that of its trading and lending; everybody else's is the change of equity,
        fees paid.

    Raises
    ------
    StorageError    the run did not store its agents
    """
    ticks = snapshot_ticks(run)
    first, last = ticks[0], ticks[-1]
    added = _NOTHING_ADDED
    if "openings" in run.tables:
        added = _ADDED.format(first=first, last=last)
    return run.sql(_QUERY.format(first=first, last=last, added=added, pool=int(Account.POOL)))


def leaderboard(
    run: "Result", by: str = "pnl", top: int | None = 20, kind: str | None = None
) -> "pl.DataFrame":
    """The agents of tiers 1 and 2, best first.

    Parameters
    ----------
    run : Result
    by : str               what they are ranked by, a column of money, counts or risk; drawdown and
                           value at risk are better the smaller they are
    top : int or None      how many rows; None is all
    kind : str, optional   only agents of this kind

    Returns
    -------
    DataFrame    agent, tier, kind, start_equity, final_equity, pnl, return, fees, borrow_fees (for
        borrowed shares) [currency], trades (fills), volume [shares], and from the equity snapshots
        sharpe, sortino, max_drawdown and var_95 (see `qtg.analytics.risk.risk`), null for agents
        whose equity was not stored. Agents that are equal stand in the order of their rows; those
        without a value come last.

    Raises
    ------
    ConfigError     no such column or kind, or top below 1
    StorageError    the run did not store its agents
    """
    import polars as pl

    if by not in RANKED:
        raise ConfigError(f"agents cannot be ranked by {by!r}; {did_you_mean(by, RANKED)}")
    if top is not None and top < 1:
        raise ConfigError(f"top is {top}; ask for at least 1 row")
    board = agent_results(run).filter(pl.col("agent") >= int(Account.FIRST_AGENT))
    if kind is not None:
        known_kind(kind, board["kind"].unique(maintain_order=True))
        board = board.filter(pl.col("kind") == kind)
    start = pl.col("start_equity")
    share = pl.when(start > 0).then(pl.col("pnl") / start)
    board = board.drop("turnover").with_columns(share.alias("return"))
    if by in OF_RISK:
        board = _best(_with_risk(run, board), by, top)
    else:
        board = _with_risk(run, _best(board, by, top))
    first = ["agent", "tier", "kind", "start_equity", "final_equity", "pnl", "return"]
    rest = ["fees", "borrow_fees", "trades", "volume", *OF_RISK]
    return board.with_columns(in_currency(*MONEY)).select(*first, *rest)


def pnl_by_kind(run: "Result") -> "pl.DataFrame":
    """Profit and loss of each kind of agent, the pool and the house included, best first.

    Returns
    -------
    DataFrame    kind, tier, agents, pnl (their sum), mean, median, best, worst [currency], winners
        (share of agents whose profit is above 0), fees, borrow_fees [currency], trades (fills),
        turnover (price times quantity of what they bought and sold) [currency]. Profits are after
        fees, as in `agent_results`; sums are exact before they become floats.

    Raises
    ------
    StorageError    the run did not store its agents
    """
    import polars as pl

    pnl = pl.col("pnl")
    summed = ("fees", "borrow_fees", "trades", "turnover")
    sums = [pl.col(name).cast(pl.Int128).sum() for name in summed]
    kinds = (
        agent_results(run)
        .group_by("kind", maintain_order=True)
        .agg(
            pl.col("tier").first(),
            pl.len().cast(pl.Int64).alias("agents"),
            pnl.cast(pl.Int128).sum(),
            pnl.median().alias("median"),
            pnl.max().alias("best"),
            pnl.min().alias("worst"),
            (pnl > 0).mean().alias("winners"),
            *sums,
        )
        .sort("pnl", descending=True, maintain_order=True)
        .with_columns(pl.col("trades").cast(pl.Int64), mean=pnl / pl.col("agents"))
    )
    money = in_currency("pnl", "best", "worst", "fees", "borrow_fees", "turnover")
    money += [pl.col(name) / float(PRICE_SCALE) for name in ("mean", "median")]
    order = ["kind", "tier", "agents", "pnl", "mean", "median", "best", "worst", "winners"]
    return kinds.with_columns(money).select(*order, *summed)


def _best(board: "pl.DataFrame", by: str, top: int | None) -> "pl.DataFrame":
    ranked = board.sort(
        by, descending=by not in LESS_IS_BETTER, nulls_last=True, maintain_order=True
    )
    return ranked if top is None else ranked.head(top)


def _with_risk(run: "Result", board: "pl.DataFrame") -> "pl.DataFrame":
    """The same rows with what the equity snapshots say; null where there are none."""
    import polars as pl

    if "equity" not in run.tables:
        return board.with_columns(pl.lit(None, pl.Float64).alias(name) for name in OF_RISK)
    risk = risk_of(run, board["agent"].to_list()).select("agent", *OF_RISK)
    return board.join(risk, on="agent", how="left", maintain_order="left")
