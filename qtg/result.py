"""What a run left behind: its tables as frames and as SQL."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtg.schemas import STORED

from .errors import StorageError
from .store import MemorySink, RunWriter, Sink, TableBuffer
from .store.lens import Lens
from .store.source import Memory, Source, open_files
from .store.units import readable

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from .analytics.rebuild import Rebuilt


class Result:
    """The tables of one run.

    Frames are loaded when they are first asked for and then kept. Prices and cash are Float64 in
    the currency, names are Enum, `time` is a Datetime in nanoseconds, UTC. What a column means is
    in the data dictionary.

    Examples
    --------
    >>> from qtg.schemas import Instruments, allocate
    >>> sink = MemorySink(config={}, seed=7, fingerprint="", symbols=["AAPL"])
    >>> row = allocate(Instruments, 1)
    >>> row.initial_price[:] = 1_234_500
    >>> sink.table(Instruments).extend(row)
    >>> sink.close(trace_hash="00", ticks=0)
    >>> run = result_of(sink)
    >>> run.instruments["initial_price"].to_list()
    [123.45]
    >>> run.sql("select symbol, initial_price from instruments").rows()
    [('AAPL', 123.45)]
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._lens = Lens(source)
        self._frames: dict[str, pl.DataFrame] = {}
        self._derived: dict[str, pl.DataFrame] = {}

    @property
    def trades(self) -> "pl.DataFrame":
        """Fills, one row each."""
        return self.table("trades")

    @property
    def candles(self) -> "pl.DataFrame":
        """Open, high, low, close and volume per symbol and timeframe."""
        return self.table("candles")

    @property
    def quotes(self) -> "pl.DataFrame":
        """The top of every book after each tick; null where nobody buys or sells."""
        return self.table("quotes")

    @property
    def depth(self) -> "pl.DataFrame":
        """Open quantity by price near the best, if the run stored it (`storage.depth_every`)."""
        return self.table("depth")

    @property
    def orders(self) -> "pl.DataFrame":
        """Every event of the run, if it stored them (`storage.orders = true`), and where its
        order stands then.

        Beside the columns of the data dictionary: `status` (OrdStatus) and `cum_qty` of the order,
        `contra_status` and `contra_cum_qty` of a trade's resting order. They are null where there
        is no order: refused orders that never got an id, refused requests about unknown orders. In
        a run with missing parts they are also null for events that do not follow from what is
        there. `table("orders")` and SQL have the stored columns.
        """
        if "orders" not in self._derived:
            from .order_status import orders_with_status

            self._derived["orders"] = orders_with_status(self)
        return self._derived["orders"]

    @property
    def order_status(self) -> "pl.DataFrame":
        """Every order that reached its market, one row each, as it stood at the run's end
        (`storage.orders = true`).

        Columns order_id, symbol, agent, side, status (OrdStatus), reason, price [currency; 0 of a
        market order], qty as ordered or replaced, cum_qty and leaves [shares], avg_price of what
        was filled [currency], fills, first_tick, last_tick. An order that was still on its way has
        no event and no row.

        Raises
        ------
        StorageError      the run did not store its orders
        LifecycleError    an event is not possible, as when parts are missing; see
                          `lifecycle_violations`
        """
        if "order_status" not in self._derived:
            from .order_status import order_status

            self._derived["order_status"] = order_status(self)
        return self._derived["order_status"]

    def order_history(self, order_id: int) -> "pl.DataFrame":
        """What happened to one order (`storage.orders = true`), in order: tick, event
        (LifecycleEvent), status, reason, qty, price [currency], cum_qty, leaves, contra_id. No rows
        for an order that is not known.

        Raises
        ------
        StorageError    the run did not store its orders
        """
        from .order_status import order_history

        return order_history(self, order_id)

    def lifecycle_violations(self) -> "pl.DataFrame":
        """What the orders of the run cannot have done (`storage.orders = true`): sequence of the
        event, tick, order_id, rule (LifecycleRule), status and event. No rows if the run is whole.

        Raises
        ------
        StorageError    the run did not store its orders
        """
        from .order_status import run_violations

        return run_violations(self)

    @property
    def agents(self) -> "pl.DataFrame":
        """Snapshots of all agents."""
        return self.table("agents")

    @property
    def positions(self) -> "pl.DataFrame":
        """Positions at the snapshots."""
        return self.table("positions")

    @property
    def equity(self) -> "pl.DataFrame":
        """What the agents of `storage.equity_of` were worth, in every `equity_every`-th tick."""
        return self.table("equity")

    @property
    def metrics(self) -> "pl.DataFrame":
        """Times and counts per tick."""
        return self.table("metrics")

    @property
    def news(self) -> "pl.DataFrame":
        """What became known, one row per event, if the run had news (`news.enabled = true`)."""
        return self.table("news")

    @property
    def borrows(self) -> "pl.DataFrame":
        """Recalls of borrowed shares and buy-ins, if agents may sell short."""
        return self.table("borrows")

    @property
    def halts(self) -> "pl.DataFrame":
        """Trading halts, if the run has price bands (`halts.band_bps`)."""
        return self.table("halts")

    @property
    def openings(self) -> "pl.DataFrame":
        """Guests' accounts that were opened during the run, if it has guests."""
        return self.table("openings")

    @property
    def instruments(self) -> "pl.DataFrame":
        """What is traded."""
        return self.table("instruments")

    def table(self, name: str, raw: bool = False) -> "pl.DataFrame":
        """A table as a frame.

        Parameters
        ----------
        name : str    a table of the data dictionary
        raw : bool    leave prices and cash as the stored int64 at 1e-4; such a frame is not kept

        Raises
        ------
        StorageError    there is no such table, or this run did not store it
        """
        if raw:
            return self.scan(name, raw=True).collect()
        if name not in self._frames:
            self._frames[name] = self.scan(name).collect()
        return self._frames[name]

    def scan(self, name: str, raw: bool = False) -> "pl.LazyFrame":
        """A table as a lazy frame, for tables larger than memory; otherwise like `table`."""
        self._source.need(name)
        return readable(self._source.scan(name), name, self._source.info, raw)

    def chunks(self, name: str) -> "Iterator[Any]":
        """A table in pieces of NumPy columns as the engine has them, for loops of your own over
        tables larger than memory: money in units of 1e-4, codes instead of names (`symbol` is a row
        of the instruments). Do not write to them.

        Raises
        ------
        StorageError    there is no such table, or this run did not store it
        """
        self._source.need(name)
        return self._source.chunks(name)

    def rebuild(self, tick: int | None = None) -> "Rebuilt":
        """The ledger of every agent again, from the trades; see `qtg.rebuild_from_trades`."""
        from .analytics.rebuild import rebuild_from_trades

        return rebuild_from_trades(self, tick)

    def sql(self, query: str) -> "pl.DataFrame":
        """Ask DuckDB.

        There is a view per table, with prices and cash as DOUBLE in the currency; the schema
        `raw` has the same tables with the stored integers (`raw.trades`).

        Raises
        ------
        StorageError    the query cannot be answered
        """
        return self._lens.query(query)

    @property
    def tables(self) -> list[str]:
        """The tables that this run has."""
        return self._source.names()

    @property
    def status(self) -> str:
        """`complete`, `failed`, or `running/interrupted` if the run never said that it ended."""
        status = self._source.info.status
        return "running/interrupted" if status == "running" else status

    @property
    def trace_hash(self) -> str | None:
        """Digest of everything that happened; None unless the run is complete."""
        return self._source.info.trace_hash

    @property
    def config(self) -> dict[str, Any]:
        """The run's configuration, as stored."""
        return self._source.info.config

    @property
    def path(self) -> Path | None:
        """The run directory; None for a run in memory."""
        return self._source.path

    def equity_curve(self, who: int | str) -> "pl.DataFrame":
        """What an agent, or the agents of a kind, were worth over time; see
        `qtg.analytics.equity.equity_curve`.

        Raises
        ------
        ConfigError     no such kind in this run
        StorageError    the run did not store this agent's or kind's equity
        """
        from .analytics.equity import equity_curve

        return equity_curve(self, who)

    def leaderboard(
        self, by: str = "pnl", top: int | None = 20, kind: str | None = None
    ) -> "pl.DataFrame":
        """The agents of tiers 1 and 2, best first; see `qtg.analytics.results.leaderboard`.

        Raises
        ------
        ConfigError     no such column or kind, or top below 1
        StorageError    the run did not store its agents
        """
        from .analytics.results import leaderboard

        return leaderboard(self, by, top, kind)

    def risk(self) -> "pl.DataFrame":
        """Risk of every agent whose equity was stored; see `qtg.analytics.risk.risk`.

        Raises
        ------
        StorageError    the run stored no equity
        """
        from .analytics.risk import risk

        return risk(self)

    def pnl_by_kind(self) -> "pl.DataFrame":
        """Profit and loss of each kind; see `qtg.analytics.results.pnl_by_kind`.

        Raises
        ------
        StorageError    the run did not store its agents
        """
        from .analytics.results import pnl_by_kind

        return pnl_by_kind(self)

    def slippage(self) -> "pl.DataFrame":
        """What each filled order cost against the market it met; see `qtg.slippage`.

        Raises
        ------
        StorageError    the run did not store its orders or quotes
        """
        from .slippage import slippage

        return slippage(self)

    def flow(self) -> "pl.DataFrame":
        """Order flow by regime: orders, cancels and fills, their rates, depth; see
        `qtg.flow.flow`."""
        from .flow import flow

        return flow(self)

    def info(self) -> dict[str, Any]:
        """What the run is and how much it holds."""
        info = self._source.info
        return {
            "path": None if self.path is None else str(self.path),
            "status": self.status,
            "reason": info.reason,
            "benched": info.benched,
            "violations": info.violations,
            "seed": info.seed,
            "ticks": info.ticks,
            "trace_hash": info.trace_hash,
            "fingerprint": info.fingerprint,
            "created": info.created,
            "versions": info.versions,
            "symbols": info.symbols,
            "kinds": info.kinds,
            "rows": {name: self._source.rows(name) for name in self.tables},
            "bytes": sum(part.bytes for part in info.manifest),
            "last_tick": max((p.last_tick or 0 for p in info.manifest), default=None),
        }

    def report(self, path: str | Path) -> Path:
        """Write the report, one self-contained HTML file."""
        from .report.html import write_report

        write_report(self, path)
        return Path(path)

    def save(self, path: str | Path, overwrite: bool = False) -> "Result":
        """Write a run that was kept in memory to a run directory, and open that.

        Raises
        ------
        StorageError    it is stored already, or the place cannot be written
        """
        if not isinstance(self._source, Memory):
            raise StorageError(f"this run is stored already; copy {self.path}")
        return _save(self._source, path, overwrite)

    def __repr__(self) -> str:
        info = self._source.info
        ticks = "" if info.ticks is None else f"{info.ticks:,} ticks, "
        rows = ", ".join(f"{name} {self._source.rows(name):,}" for name in self.tables)
        reason = f": {info.reason}" if info.reason else ""
        return (
            f"<qtg run {self.path or 'in memory'} ({self.status}{reason})\n"
            f"  {ticks}{len(info.symbols)} symbols, seed {info.seed}, trace {info.trace_hash}\n"
            f"  rows: {rows or 'none'}>"
        )


def open_run(path: str | Path, skip_damaged: bool = False) -> Result:
    """Open a run directory; a run that was killed opens up to its last committed part.

    Parameters
    ----------
    path : path            the run directory
    skip_damaged : bool    leave out parts that are missing, truncated or foreign

    Raises
    ------
    StorageError    not a run directory, written by another version of qtg, or a damaged part
    """
    return Result(open_files(Path(path), skip_damaged))


def result_of(sink: Sink) -> Result:
    """The result of a run that ended."""
    if isinstance(sink, RunWriter):
        return open_run(sink.path)
    if isinstance(sink, MemorySink):
        return Result(Memory(sink))
    raise StorageError(f"no result can be made of a {type(sink).__name__}")


def _save(source: Memory, path: str | Path, overwrite: bool) -> Result:
    info = source.info
    with RunWriter(
        path,
        config=info.config,
        seed=info.seed,
        fingerprint=info.fingerprint,
        symbols=info.symbols,
        kinds=info.kinds,
        overwrite=overwrite,
    ) as sink:
        for name in source.names():
            buffer: TableBuffer[Any] = sink.table(STORED[name])
            for chunk in source.chunks(name):
                buffer.extend(chunk)
        sink.info.created, sink.info.versions = info.created, info.versions
        sink.info.benched, sink.info.violations = info.benched, info.violations
        if info.status == "complete":
            sink.close(trace_hash=info.trace_hash, ticks=info.ticks)
        else:
            sink.fail(info.reason or "the run was saved before it ended", ticks=info.ticks)
    return open_run(path)
