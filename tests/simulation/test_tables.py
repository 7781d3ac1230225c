"""What a run stores, recomputed from what happened."""

from functools import reduce
from pathlib import Path

import polars as pl
import pytest

import qtg
from qtg.book import Depth
from qtg.result import result_of
from qtg.run import open_sink
from qtg.schemas import ExecType, Reason, Side
from qtg.simulation import Simulation

from .small import FIRST, IDLE, PRICE, lively, quiet, start

TICK_NS = 1_000_000_000


class Recorder:
    """A hook that keeps what the stored tables must agree with."""

    def __init__(self) -> None:
        self.events: list[dict[str, int]] = []
        self.tops: list[tuple[object, ...]] = []
        self.resting: list[int] = []

    def __call__(self, sim: Simulation) -> None:
        exchange = sim.exchange
        columns = exchange.events._asdict()
        rows = zip(*(column[: exchange.n_events].tolist() for column in columns.values()))
        self.events += [{"tick": sim.tick, **dict(zip(columns, row))} for row in rows]
        books = [sim.book(symbol) for symbol in sim.symbols]
        for symbol, book in zip(sim.symbols, books, strict=True):
            self.tops.append((sim.tick, symbol, *_top(book.bids()), *_top(book.asks())))
        self.resting.append(sum(book.orders().height for book in books))


def _top(side: Depth) -> tuple[int, int, int]:
    """(best price or 0, quantity there, orders of the whole side)."""
    if not len(side.price):
        return 0, 0, 0
    return int(side.price[0]), int(side.qty[0]), int(side.orders.sum())


def record(config: qtg.Config) -> tuple[qtg.Result, Recorder]:
    """A whole run in memory, and what a hook saw of it."""
    recorder, sink = Recorder(), open_sink(config, None)
    sim = start(config, sink=sink)
    sim.add_hook(recorder)
    sim.run(sim.last_tick)
    sim.publisher.finish(sim)
    sink.close(trace_hash=sim.trace_hash, ticks=sim.tick)
    return result_of(sink), recorder


@pytest.fixture(scope="module")
def recorded() -> tuple[qtg.Result, Recorder]:
    config = lively({"storage.orders": True, "venue.taker_fee_bps": 2.0, "warmup.ticks": 13})
    return record(config)


def plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Names as text."""
    return frame.with_columns(pl.col(pl.Enum, pl.Categorical).cast(pl.String))


def test_every_trade_event_is_a_trade(recorded: tuple[qtg.Result, Recorder]) -> None:
    run, seen = recorded
    events = [e for e in seen.events if e["exec_type"] == ExecType.TRADE]
    assert len(events) > 300
    expected = []
    for number, e in enumerate(events, start=1):
        parties = (e["agent"], e["order_id"]), (e["contra_agent"], e["contra_id"])
        (buyer, buy), (seller, sell) = parties if e["side"] == Side.BUY else parties[::-1]
        side = Side(e["side"]).name.lower()
        symbol = ("AAPL", "XOM")[e["market"]]
        who = buyer, seller, buy, sell
        expected.append((e["tick"], number, symbol, side, e["price"], e["qty"], *who))
    assert plain(run.table("trades", raw=True)).drop("time").rows() == expected
    first = run.trades.row(0, named=True)
    since_start = (first["time"] - lively().start.replace(tzinfo=None)).total_seconds()
    assert since_start == first["tick"] - 1


def test_stored_order_events_are_the_events(recorded: tuple[qtg.Result, Recorder]) -> None:
    run, seen = recorded
    orders = plain(run.table("orders", raw=True))
    assert orders["sequence"].to_list() == list(range(1, len(seen.events) + 1))
    for name in ("tick", "agent", "contra_agent", "order_id", "contra_id", "price", "qty"):
        assert orders[name].to_list() == [e[name] for e in seen.events], name
    for name, enum in (("exec_type", ExecType), ("reason", Reason)):
        assert orders[name].to_list() == [enum(e[name]).name.lower() for e in seen.events], name


@pytest.mark.parametrize(("timeframe", "ticks"), [("10s", 10), ("30s", 30)])
def test_candles_are_those_of_the_trades(
    timeframe: str, ticks: int, recorded: tuple[qtg.Result, Recorder]
) -> None:
    run, _ = recorded
    expected = (
        run.table("trades", raw=True)
        .with_columns(tick=(pl.col("tick") - 1) // ticks * ticks + 1)
        .group_by("tick", "symbol", maintain_order=True)
        .agg(
            open=pl.col("price").first(),
            high=pl.col("price").max(),
            low=pl.col("price").min(),
            close=pl.col("price").last(),
            volume=pl.col("qty").sum(),
            notional=(pl.col("price") * pl.col("qty")).sum(),
            trades=pl.len().cast(pl.Int64),
        )
        .sort("tick", pl.col("symbol").cast(pl.String))
    )
    candles = run.table("candles", raw=True).filter(pl.col("timeframe") == int(timeframe[:-1]))
    found = candles.drop("time", "timeframe").sort("tick", pl.col("symbol").cast(pl.String))
    assert found.height > 3
    assert plain(found).equals(plain(expected).select(found.columns))


@pytest.mark.compiled
def test_candles_of_the_warm_up_can_be_left_out() -> None:
    changes = {"warmup.ticks": 25, "warmup.persist_candles": False}
    changes |= {"venue.pool_trades_itself": True}
    run, _ = record(lively(changes))
    traded = run.trades.filter(pl.col("tick") > 25)
    for seconds in (10, 30):
        candles = run.candles.filter(pl.col("timeframe") == seconds)
        assert candles["volume"].sum() == traded["qty"].sum()
        assert candles["tick"].min() == 25 // seconds * seconds + 1
    assert run.trades["tick"].min() < 25


def test_quotes_are_the_top_of_every_book(recorded: tuple[qtg.Result, Recorder]) -> None:
    run, seen = recorded
    names = ("tick", "symbol", "bid", "bid_qty", "bid_orders", "ask", "ask_qty", "ask_orders")
    quotes = run.table("quotes", raw=True)
    assert plain(quotes.select(names)).rows() == seen.tops
    missing = [top[2] == 0 for top in seen.tops]
    assert run.quotes["bid"].is_null().to_list() == missing
    assert any(missing)


def test_people_read_prices_as_the_nearest_floats(recorded: tuple[qtg.Result, Recorder]) -> None:
    run, _ = recorded
    stored = run.table("trades", raw=True)["price"].to_list()
    assert run.trades["price"].to_list() == [price / 10_000 for price in stored]
    assert run.sql("select price from trades order by trade_id")["price"].to_list() == [
        price / 10_000 for price in stored
    ]


def test_quotes_carry_volume_and_last_price(recorded: tuple[qtg.Result, Recorder]) -> None:
    run, _ = recorded
    by_tick = (
        run.trades.group_by("tick", "symbol", maintain_order=True)
        .agg(pl.col("qty").sum().alias("sum"), pl.col("price").last().alias("at"))
        .pipe(plain)
    )
    quotes = plain(run.quotes).join(by_tick, on=["tick", "symbol"], how="left").sort("tick")
    assert quotes["volume"].to_list() == quotes["sum"].fill_null(0).to_list()
    for symbol, initial in (("AAPL", 185.0), ("XOM", 105.0)):
        mine = quotes.filter(pl.col("symbol") == symbol)
        assert mine["last"].to_list() == mine["at"].forward_fill().fill_null(initial).to_list()


def test_metrics_count_what_happened(recorded: tuple[qtg.Result, Recorder]) -> None:
    run, seen = recorded
    metrics = run.metrics
    events = pl.DataFrame(seen.events)
    for name, mine in (
        ("events", pl.lit(True)),
        ("trades", pl.col("exec_type") == int(ExecType.TRADE)),
    ):
        counted = events.filter(mine).group_by("tick").len()
        joined = metrics.join(counted, on="tick", how="left").sort("tick")
        assert joined[name].to_list() == joined["len"].fill_null(0).to_list(), name
    assert metrics["resting"].to_list() == seen.resting
    assert metrics["tick"].to_list() == list(range(1, 74))
    assert (metrics.filter(pl.col("tick") <= 13)["orders_smart"] == 0).all()
    assert (metrics.filter(pl.col("tick") > 13)["orders_smart"] > 0).any()
    phases = [name for name in metrics.columns if name.endswith("_ns") and name != "total_ns"]
    assert len(phases) == 9
    parts = reduce(lambda total, name: total + metrics[name], phases, metrics["news_ns"] * 0)
    assert (parts <= metrics["total_ns"]).all()


def test_snapshots_are_the_ledger(recorded: tuple[qtg.Result, Recorder]) -> None:
    run, _ = recorded
    assert run.agents["tick"].unique().sort().to_list() == [0, 20, 40, 60, 73]
    agents, held = run.table("agents", raw=True), run.table("positions", raw=True)
    last = run.table("quotes", raw=True).select("tick", "symbol", "last")
    initial = run.table("instruments", raw=True).select(
        pl.lit(0).cast(pl.Int64).alias("tick"), "symbol", last="initial_price"
    )
    last = pl.concat([initial, last])
    worth = held.join(last, on=["tick", "symbol"]).group_by("tick", "agent").agg(
        position_value=(pl.col("qty") * pl.col("last")).sum(),
        shares=pl.col("qty").sum(),
        cost=pl.col("cost").sum(),
    )  # fmt: skip
    both = agents.join(worth, on=["tick", "agent"], how="left", suffix="_again").fill_null(0)
    assert both["shares"].to_list() == both["shares_again"].to_list()
    assert both["position_value"].to_list() == both["position_value_again"].to_list()
    assert both["equity"].to_list() == (both["cash"] + both["position_value"]).to_list()
    own = both.filter(pl.col("agent") > 1)
    assert own["unrealized_pnl"].to_list() == (own["position_value"] - own["cost"]).to_list()
    after = agents.filter(pl.col("tick") > 0)
    assert after.group_by("tick").agg(pl.col("fees").sum())["fees"].min() > 0
    by_tick = agents.group_by("tick", maintain_order=True).agg(pl.col("cash").sum())
    assert by_tick["cash"].n_unique() == 1


def test_the_pools_profit_is_what_the_trades_say(recorded: tuple[qtg.Result, Recorder]) -> None:
    run, _ = recorded
    trades = run.table("trades", raw=True).with_columns(paid=pl.col("price") * pl.col("qty"))
    bought, sold = trades.filter(pl.col("buyer_id") == 0), trades.filter(pl.col("seller_id") == 0)
    pool = run.table("agents", raw=True).filter(pl.col("agent") == 0).sort("tick")
    assert pool["realized_pnl"][-1] == sold["paid"].sum() - bought["paid"].sum()
    last = run.table("quotes", raw=True).filter(pl.col("tick") == 73)
    value = 0
    for symbol, price in last.select(pl.col("symbol").cast(pl.String), "last").rows():
        mine = pl.col("symbol").cast(pl.String) == symbol
        value += (bought.filter(mine)["qty"].sum() - sold.filter(mine)["qty"].sum()) * price
    assert pool["unrealized_pnl"][-1] == value


def test_instruments_are_those_of_the_config(recorded: tuple[qtg.Result, Recorder]) -> None:
    run, _ = recorded
    assert plain(run.instruments).rows() == [
        ("AAPL", "tech", 0.01, 1, 185.0, 10_000_000),
        ("XOM", "energy", 0.01, 1, 105.0, 10_000_000),
    ]


def test_tables_can_be_switched_off() -> None:
    never = {"storage.agents_every": 0, "storage.equity_every": 0}
    changes = {"storage.quotes": False, "storage.candles": []} | never
    run, _ = record(lively(changes, ticks=5))
    assert sorted(run.tables) == ["instruments", "metrics", "news", "trades"]


def test_a_run_without_trades_has_its_tables() -> None:
    run, seen = record(quiet({"smart": [IDLE]}, ticks=3))
    assert seen.events == []
    assert run.trades.height == run.candles.height == 0
    assert run.quotes["bid"].to_list() == [None] * 3
    assert run.quotes["last"].to_list() == [100.0] * 3


def test_a_batch_of_environments_keeps_no_tables() -> None:
    with pytest.raises(qtg.ConfigError, match="one environment only"):
        start(lively(), sink=open_sink(lively(), None), envs=[0, 1])


def test_an_order_of_no_side_is_in_the_table_and_does_not_stop_the_run(tmp_path: Path) -> None:
    config = quiet({"storage.orders": True}, ticks=3)
    sim = Simulation(config)
    with open_sink(config, tmp_path / "run") as sink:
        sim.publisher.attach(sim, sink)
        sim.submit({"agent": [FIRST], "side": [5], "price": [PRICE], "qty": [1]})
        sim.run(3)
        sink.close(trace_hash=sim.trace_hash, ticks=3)
    (row,) = qtg.open_run(tmp_path / "run").orders.rows(named=True)
    assert (row["exec_type"], row["reason"], row["side"]) == ("rejected", "bad_side", "undisclosed")


def test_an_order_for_no_market_is_in_the_table_with_no_symbol(tmp_path: Path) -> None:
    config = quiet({"storage.orders": True}, ticks=2)
    sim = Simulation(config)
    with open_sink(config, tmp_path / "run") as sink:
        sim.publisher.attach(sim, sink)
        order = {"price": [PRICE] * 4, "qty": [1] * 4, "agent": [FIRST] * 4}
        sim.submit({**order, "market": [0, 1, -1, 77]})
        sim.run(2)
        sink.close(trace_hash=sim.trace_hash, ticks=2)
    run = qtg.open_run(tmp_path / "run")
    found = {(row["reason"], row["symbol"]) for row in run.orders.iter_rows(named=True)}
    assert found == {("none", "A"), ("unknown_market", None)}
    assert run.orders["symbol"].null_count() == 3
    (chunk,) = run.chunks("orders")
    assert sorted(chunk.symbol.tolist()) == [-1, -1, -1, 0]
    assert run.order_status["symbol"].to_list() == ["A"]
    assert run.lifecycle_violations().height == 0
