"""The ledger again, from the trades: cash, shares, cost, realized profit and fees, to the unit.

What borrowed shares cost is taken from the snapshots: it is paid as far as free cash goes, and what
is free depends on open orders, of which trades know nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from qtg.kernels.ledger import LedgerTerms
from qtg.kernels.rebuild import ReplayedLedger, replay_trades
from qtg.schemas import I64, PRICE_SCALE, Account, Trades, taken

from ..config import VenueConfig
from ..errors import ConfigError, InvariantError, StorageError
from .equity import in_currency
from .snapshots import snapshot_ticks

if TYPE_CHECKING:
    import polars as pl

    from ..result import Result


@dataclass(frozen=True)
class Rebuilt:
    """A ledger made of the first snapshot and the trades after it.

    Attributes
    ----------
    tick : int                 the tick after which it is so
    trades : int               how many were booked
    ledger : ReplayedLedger    int64 in units of 1e-4 and shares: cash, fees and borrow_fees
                               (agents,); qty, cost and realized (agents, symbols)
    """

    tick: int
    trades: int
    ledger: ReplayedLedger
    _run: "Result"
    _pool_realized: int  # at the start, over all symbols

    @property
    def agents(self) -> "pl.DataFrame":
        """One row per agent: agent, kind, cash, fees, borrow_fees, shares, realized_pnl; as
        `run.agents`."""
        import polars as pl

        ledger, kinds = self.ledger, _kinds(self._run)
        frame = pl.DataFrame(
            {
                "agent": np.arange(len(ledger.cash), dtype=np.int32),
                "kind": kinds,
                "cash": ledger.cash,
                "fees": ledger.fees,
                "borrow_fees": ledger.borrow_fees,
                "shares": ledger.qty.sum(axis=1),
                "realized_pnl": self._realized(),
            }
        )
        return frame.with_columns(in_currency("cash", "fees", "borrow_fees", "realized_pnl"))

    @property
    def positions(self) -> "pl.DataFrame":
        """One row per agent and symbol with anything to tell: agent, symbol, qty, cost,
        realized_pnl; as `run.positions`."""
        import polars as pl

        ledger = self.ledger
        realized = ledger.realized.copy()
        realized[Account.POOL] = 0
        agent, symbol = np.nonzero(ledger.qty | ledger.cost | realized)
        names = np.array(self._run.info()["symbols"])
        frame = pl.DataFrame(
            {
                "agent": agent.astype(np.int32),
                "symbol": pl.Series(names[symbol], dtype=pl.Enum(names)),
                "qty": ledger.qty[agent, symbol],
                "cost": ledger.cost[agent, symbol],
                "realized_pnl": realized[agent, symbol],
            }
        )
        return frame.with_columns(in_currency("cost", "realized_pnl"))

    def check(self) -> "Rebuilt":
        """Compare with the snapshot of this tick; returns itself.

        Raises
        ------
        InvariantError    names the first agent, symbol and amount that differ
        StorageError      the run took no snapshot at this tick
        """
        ticks = snapshot_ticks(self._run)
        if self.tick not in ticks:
            near = min(ticks, key=lambda each: abs(each - self.tick))
            raise StorageError(
                f"this run took no snapshot at tick {self.tick} to compare with; the nearest is at "
                f"tick {near}"
            )
        stored, pool_realized = _snapshot(self._run, self.tick)
        mine = self.ledger._replace(realized=self.ledger.realized.copy())
        mine.realized[Account.POOL] = 0  # the pool's is known over all symbols only
        _compare(self._run, self.tick, mine, stored)
        realized = int(self._realized()[Account.POOL])
        if realized != pool_realized:
            raise _different(self.tick, "agent 0 (the pool)", "realized", realized, pool_realized)
        return self

    def _realized(self) -> I64:
        total: I64 = self.ledger.realized.sum(axis=1)
        total[Account.POOL] += self._pool_realized
        return total


def rebuild_from_trades(run: "Result", tick: int | None = None) -> Rebuilt:
    """Replay the trades of a run into the ledger of every agent.

    It starts from the run's first snapshot and books every trade and its fees: shares at their
    weighted average cost, rounded as in the ledger. A guest's account that was opened later has
    the cash that it was opened with from that tick on. Trades are read a piece at a time, so that
    they need not fit in memory.

    Parameters
    ----------
    run : Result
    tick : int, optional    after which tick; by default that of the last snapshot

    Returns
    -------
    Rebuilt    `check()` compares it with the snapshot of that tick

    Raises
    ------
    ConfigError     the run has no such tick
    StorageError    the run stored no snapshots, or trades are missing; or agents paid for borrowed
                    shares and there is no snapshot of that tick

    Examples
    --------
    >>> import qtg
    >>> run = qtg.simulate(qtg.Config.preset("quick_test", ticks=20, warmup={"ticks": 5}))
    >>> rebuild_from_trades(run).check().tick
    25
    """
    ticks = snapshot_ticks(run)
    until = ticks[-1] if tick is None else _checked(tick, ticks)
    ledger, pool_realized = _snapshot(run, ticks[0])
    venue = VenueConfig.model_validate(run.config["venue"])
    agents, symbols = ledger.qty.shape
    terms = LedgerTerms(symbols, agents, venue.maker_fee_centibps, venue.taker_fee_centibps)
    openings = _Openings(run, ticks[0], agents)
    booked = 0
    for trades in _trades(run, agents, first_id=1 if ticks[0] == 0 else None):
        if trades.tick[0] > until:
            break
        for piece in openings.pieces(trades):
            openings.book(min(int(piece.tick[0]), until), ledger)
            booked += replay_trades(piece, ticks[0], until, terms, ledger)
    openings.book(until, ledger)
    _check_count(run, ticks[0], until, booked)
    _charge_borrowing(run, until, ticks, ledger)
    return Rebuilt(until, booked, ledger, run, pool_realized)


class _Openings:
    """Accounts that were opened after the first snapshot, in the order in which they were."""

    def __init__(self, run: "Result", after: int, agents: int) -> None:
        import polars as pl

        self._next = 0
        self._tick = self._agent = self._cash = np.empty(0, np.int64)
        if "openings" not in run.tables:
            return
        rows = run.scan("openings", raw=True).filter(pl.col("tick") > after).collect()
        self._tick, self._agent = rows["tick"].to_numpy(), rows["agent"].to_numpy()
        self._cash = rows["cash"].to_numpy()
        if len(rows) and not 0 <= self._agent.min() <= self._agent.max() < agents:
            raise StorageError(
                "an account was opened of an agent that the first snapshot does not have; the run "
                "is damaged, restore it from a copy"
            )

    def pieces(self, trades: Trades) -> Iterator[Trades]:
        """The trades, cut at the ticks in which accounts were opened."""
        cuts = np.unique(np.searchsorted(trades.tick, self._tick))
        for lo, hi in pairwise(
            [0, *cuts[(cuts > 0) & (cuts < len(trades.tick))], len(trades.tick)]
        ):
            yield taken(trades, slice(lo, hi))

    def book(self, tick: int, ledger: ReplayedLedger) -> None:
        """Give accounts what they start with, up to those that were opened in `tick`."""
        while self._next < len(self._tick) and self._tick[self._next] <= tick:
            ledger.cash[self._agent[self._next]] = self._cash[self._next]
            self._next += 1


def _checked(tick: int, ticks: list[int]) -> int:
    if not ticks[0] <= tick <= ticks[-1]:
        known = f"{ticks[0]} to {ticks[-1]}"
        raise ConfigError(f"no ledger of tick {tick}; this run has those of {known}")
    return tick


def _check_count(run: "Result", after: int, until: int, booked: int) -> None:
    """Raise a StorageError unless there were as many trades as the metrics counted."""
    import polars as pl

    if "metrics" not in run.tables:
        return
    tick, counted = pl.col("tick"), pl.col("trades")
    rows = run.scan("metrics").filter((tick > after) & (tick <= until))
    last, there = rows.select(tick.max(), counted.sum()).collect().row(0)
    if last == until and there != booked:
        raise _missing(f"this run has {booked:,} of {there:,} trades up to tick {until:,}")


def _charge_borrowing(run: "Result", tick: int, ticks: list[int], ledger: ReplayedLedger) -> None:
    """Book what was paid for borrowed shares since the first snapshot, as the snapshots say."""
    if tick in ticks:
        paid = _borrow_fees(run, tick)
    else:
        before, after = max(t for t in ticks if t < tick), min(t for t in ticks if t > tick)
        paid, later = _borrow_fees(run, before), _borrow_fees(run, after)
        if not np.array_equal(paid, later):
            raise StorageError(
                f"agents paid for borrowed shares between the snapshots of ticks {before} and "
                f"{after}, so the cash of tick {tick} is not known; ask for one of those"
            )
    ledger.cash[:] -= paid - ledger.borrow_fees
    ledger.borrow_fees[:] = paid


def _borrow_fees(run: "Result", tick: int) -> I64:
    import polars as pl

    rows = run.scan("agents", raw=True).filter(pl.col("tick") == tick).sort("agent")
    paid: I64 = rows.select("borrow_fees").collect()["borrow_fees"].to_numpy()
    return paid


def _missing(what: str) -> StorageError:
    return StorageError(
        f"{what}, so that its ledger cannot be rebuilt; restore the run directory from a copy"
    )


def _trades(run: "Result", agents: int, first_id: int | None) -> Iterator[Trades]:
    """The trades in pieces, none of them missing, of agents that exist."""
    expected = first_id
    for trades in run.chunks("trades"):
        if not len(trades.trade_id):
            continue
        first, last = int(trades.trade_id[0]), int(trades.trade_id[-1])
        gap = expected is not None and first != expected
        if gap or (np.diff(trades.trade_id) != 1).any():
            raise _missing(f"this run lacks trades before trade {last:,}")
        for who in (trades.buyer_id, trades.seller_id):
            if who.min() < 0 or who.max() >= agents:
                raise StorageError(
                    f"trades {first:,} to {last:,} name an agent that the first snapshot does not "
                    "have; the run is damaged, restore it from a copy"
                )
        expected = last + 1
        yield trades


def _snapshot(run: "Result", tick: int) -> tuple[ReplayedLedger, int]:
    """A stored snapshot as dense arrays, and the pool's realized profit over all symbols."""
    import polars as pl

    agents = run.scan("agents", raw=True).filter(pl.col("tick") == tick).sort("agent").collect()
    held = run.scan("positions", raw=True).filter(pl.col("tick") == tick).collect()
    shape = (agents.height, len(run.info()["symbols"]))
    at = held["agent"].to_numpy(), held["symbol"].to_physical().to_numpy()
    dense = {name: np.zeros(shape, np.int64) for name in ("qty", "cost", "realized_pnl")}
    for name, values in dense.items():
        values[at] = held[name].to_numpy()
    ledger = ReplayedLedger(
        *(np.array(agents[name].to_numpy()) for name in ("cash", "fees", "borrow_fees")),
        *dense.values(),
    )
    return ledger, int(agents["realized_pnl"][int(Account.POOL)])


def _compare(run: "Result", tick: int, mine: ReplayedLedger, stored: ReplayedLedger) -> None:
    """Raise an InvariantError for the first agent that differs."""
    differs = [
        (ours != theirs).reshape(len(ours), -1).any(axis=1) for ours, theirs in zip(mine, stored)
    ]
    wrong = np.flatnonzero(np.logical_or.reduce(differs))
    if not len(wrong):
        return
    agent = int(wrong[0])
    name, ours, theirs = next(
        (name, ours[agent], theirs[agent])
        for name, ours, theirs, differ in zip(mine._fields, mine, stored, differs)
        if differ[agent]
    )
    who = f"agent {agent} ({_kinds(run)[agent]})"
    if np.ndim(ours):
        symbol = int(np.flatnonzero(ours != theirs)[0])
        who, ours, theirs = f"{who}, {run.info()['symbols'][symbol]}", ours[symbol], theirs[symbol]
    raise _different(tick, who, name, int(ours), int(theirs))


def _different(tick: int, who: str, what: str, ours: int, theirs: int) -> InvariantError:
    return InvariantError(
        f"{who}: {what} is {_shown(what, ours)} by the trades but {_shown(what, theirs)} in the "
        f"snapshot of tick {tick}"
    )


def _shown(what: str, value: int) -> str:
    if what == "qty":
        return f"{value:,}"
    whole, rest = divmod(abs(value), PRICE_SCALE)
    return f"{'-' if value < 0 else ''}{whole:,}.{rest:04d}"


def _kinds(run: "Result") -> Any:
    import polars as pl

    rows = run.scan("agents").filter(pl.col("tick") == pl.col("tick").min()).sort("agent")
    return rows.select("kind").collect()["kind"]
