"""What people see of a run."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from qtg.errors import StorageError
from qtg.result import Result, open_run, result_of
from qtg.schemas import (
    STORED,
    AgentSnapshots,
    Candles,
    Metrics,
    OrderEvents,
    Quotes,
    Reason,
    Trades,
    allocate,
)
from qtg.store import MemorySink, RunWriter, Sink

from .tables import RUN, counted_trades


def small_run(sink: Sink) -> Result:
    """Two quotes, 100 trades, one agent; orders are not stored, candles are empty."""
    quotes = allocate(Quotes, 2)
    quotes.bid[:] = [1_234_500, 0]
    quotes.ask[:] = [0, 1_235_000]
    quotes.last[:] = 1_234_567
    sink.table(Quotes).extend(quotes)
    sink.table(Trades).extend(counted_trades(0, 100))
    agents = allocate(AgentSnapshots, 1)
    agents.kind[:] = 2
    agents.tier[:] = 1
    agents.equity[:] = -25_000
    sink.table(AgentSnapshots).extend(agents)
    sink.table(Candles)
    sink.close(trace_hash="abcd", ticks=10)
    return result_of(sink)


@pytest.fixture(params=["files", "memory"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Result]:
    if request.param == "memory":
        yield small_run(MemorySink(**RUN))
    else:
        yield small_run(RunWriter(tmp_path / "it's a [run]*?", **RUN))


def test_prices_and_cash_are_in_the_currency(run: Result) -> None:
    assert run.trades["price"].to_list()[:2] == [100.0, 100.01]
    assert run.agents["equity"].to_list() == [-2.5]
    assert run.quotes["last"].to_list() == [123.4567, 123.4567]
    assert run.table("trades", raw=True)["price"].to_list()[:2] == [1_000_000, 1_000_100]


def test_a_quote_that_is_not_there_is_null(run: Result) -> None:
    assert run.quotes["bid"].to_list() == [123.45, None]
    assert run.quotes["ask"].to_list() == [None, 123.5]
    assert run.sql("select bid, ask from quotes").rows() == [(123.45, None), (None, 123.5)]
    assert run.sql("select bid from raw.quotes").rows() == [(1_234_500,), (0,)]


def test_names_are_shown_instead_of_codes(run: Result) -> None:
    assert run.agents.select("kind", "tier").rows() == [("noise_trader", "smart")]
    assert run.trades["symbol"].to_list()[:4] == ["AAPL", "MSFT", "O'NEIL", "AAPL"]
    assert run.sql("select distinct side from trades order by 1").rows() == [("buy",), ("sell",)]


def test_sql_answers_like_the_frame(run: Result) -> None:
    answer = run.sql(
        "select symbol, sum(price * qty) / sum(qty) as vwap, sum(qty) as qty, count(*) as n "
        "from trades group by symbol order by symbol"
    )
    rows = counted_trades(0, 100)
    for code, symbol in enumerate(RUN["symbols"]):
        own = rows.symbol == code
        vwap = np.sum(rows.price[own] * rows.qty[own]) / rows.qty[own].sum() / 1e4
        got = answer.filter(pl.col("symbol") == symbol)
        assert got["vwap"].item() == pytest.approx(vwap, rel=1e-12)
        assert got["qty"].item() == rows.qty[own].sum()
    assert answer.schema["qty"] == pl.Int64


def test_a_sum_beyond_int64_stays_exact(run: Result) -> None:
    answer = run.sql("select sum(9000000000000000000) as big, sum(1::bigint) as n from trades")
    assert int(answer["big"].item()) == 900_000_000_000_000_000_000
    assert answer["n"].item() == 100


def test_time_can_be_truncated_in_sql(run: Result) -> None:
    answer = run.sql(
        "select date_trunc('minute', time) as minute, count(*) n from trades group by 1"
    )
    assert answer["n"].to_list() == [100]


def test_a_declared_but_empty_table_is_an_empty_frame(run: Result) -> None:
    assert run.candles.height == 0
    assert run.candles.schema["open"] == pl.Float64
    assert run.candles.schema["symbol"] == pl.Enum(RUN["symbols"])
    assert run.sql("select * from candles").height == 0


def test_a_table_that_was_not_stored_is_an_error_that_says_how_to_get_it(run: Result) -> None:
    with pytest.raises(StorageError, match=r"did not store orders; set storage\.orders = true"):
        _ = run.orders
    with pytest.raises(StorageError, match="no table is called 'trade'; there are trades, candles"):
        run.table("trade")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select prize from trades", 'column "prize" not found'),
        ("select * from trade", 'Did you mean "trades"'),
        ("selec", "syntax error"),
        ("select price::date from raw.trades", "BIGINT"),
    ],
)
def test_a_bad_query_is_one_line_that_says_why(run: Result, query: str, message: str) -> None:
    with pytest.raises(StorageError) as caught:
        run.sql(query)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert run.sql("select 1 as one").item() == 1  # and the next query works


def test_threads_can_ask_at_the_same_time(run: Result) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: run.sql("select count(*) from trades").item(), range(20)))
    assert answers == [100] * 20


def test_the_run_describes_itself(run: Result) -> None:
    assert (run.status, run.trace_hash, run.config) == ("complete", "abcd", RUN["config"])
    info = run.info()
    assert info["rows"] == {"trades": 100, "candles": 0, "quotes": 2, "agents": 1}
    assert (info["seed"], info["ticks"], info["fingerprint"]) == (7, 10, "1f2e")
    assert {"qtg", "python", "numpy", "numba", "polars", "duckdb", "pyarrow"} <= set(
        info["versions"]
    )
    text = repr(run)
    assert "complete" in text
    assert "trades 100" in text
    assert "seed 7" in text


def test_a_lazy_frame_gives_the_same_as_the_frame(run: Result) -> None:
    assert (
        run.scan("trades").select(pl.col("qty").sum()).collect().item() == run.trades["qty"].sum()
    )


def test_a_stored_run_is_not_saved_again(tmp_path: Path) -> None:
    run = small_run(RunWriter(tmp_path / "run", **RUN))
    with pytest.raises(StorageError, match="is stored already"):
        run.save(tmp_path / "copy")


def test_every_table_has_its_attribute(tmp_path: Path) -> None:
    with RunWriter(tmp_path / "run", **RUN) as sink:
        for table in STORED.values():
            sink.table(table)
        sink.close()
    run = open_run(tmp_path / "run")
    assert run.tables == list(STORED)
    for name in STORED:
        assert getattr(run, name).height == 0


def test_order_events_show_reasons_by_name(tmp_path: Path) -> None:
    rows = allocate(OrderEvents, 1)
    rows.reason[:] = Reason.OFF_TICK
    rows.exec_type[:] = 4
    rows.side[:] = -1
    sink = MemorySink(**RUN)
    sink.table(OrderEvents).extend(rows)
    sink.close()
    shown = result_of(sink).orders.select("exec_type", "reason", "side").rows()
    assert shown == [("rejected", "off_tick", "sell")]


def test_metrics_can_be_summed_in_sql(tmp_path: Path) -> None:
    rows = allocate(Metrics, 3)
    rows.match_ns[:] = [1, 2, 3]
    sink = MemorySink(**RUN)
    sink.table(Metrics).extend(rows)
    sink.close()
    assert result_of(sink).sql("select sum(match_ns) from metrics").item() == 6


def test_importing_results_and_storage_loads_no_heavy_library() -> None:
    script = (
        "import sys, qtg.result, qtg.store; "
        "print([m for m in ('polars', 'duckdb', 'pyarrow', 'numba') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
