"""The report of a run that the simulator made, not of a made-up one."""

from pathlib import Path

import polars as pl
import pytest

import qtg
from qtg.report.html import render

from .reading import cells, payload, trace, view


@pytest.fixture(scope="module")
def run() -> qtg.Result:
    changes = {"storage.orders": True, "storage.agents_every": 20, "warmup.ticks": 10}
    return qtg.simulate(qtg.Config.preset("quick_test", changes, seed=7, ticks=90), progress=False)


@pytest.fixture(scope="module")
def html(run: qtg.Result) -> str:
    return render(run)


def test_every_chart_of_a_complete_run_is_drawn(html: str) -> None:
    for chart in payload(html)["charts"].values():
        for symbols in chart["views"].values():
            drawn = [figure for figure in symbols.values() if "missing" not in figure]
            assert drawn or chart["key"] in ("returns", "memory", "rejections"), chart["key"]


def test_head_agrees_with_the_run(run: qtg.Result, html: str) -> None:
    config = qtg.Config.preset("quick_test")
    assert f"<h1>{config.name}</h1>" in html
    assert f"{config.n_agents:,} agents traded" in html
    assert run.trace_hash in html
    own = run.metrics.filter(pl.col("tick") > 10)
    assert own.height == 90
    assert f"{own['trades'].sum():,} fills" in html
    assert payload(html)["warmup"] == [1, 10]


def test_cancel_rates_of_the_flow_are_those_of_the_run(run: qtg.Result, html: str) -> None:
    figure = view(html, "flow")
    assert figure["data"][0]["y"] == pytest.approx(run.metrics["accepted"].to_list(), rel=1e-3)
    for row in run.flow().iter_rows(named=True):
        assert f"{row['regime']} {100 * row['cancel_rate']:.1f}%" in figure["note"]


def test_table_agrees_with_the_trades(run: qtg.Result, html: str) -> None:
    for symbol in payload(html)["symbols"]:
        own = run.trades.filter(pl.col("symbol").cast(pl.String) == symbol)
        row = cells(html, symbol)
        assert row[5:7] == [f"{own['qty'].sum():,}", f"{own.height:,}"]
        if own.height:
            vwap = (own["price"] * own["qty"]).sum() / own["qty"].sum()
            assert row[7] == f"{vwap:,.2f}"


def test_rejections_are_those_of_the_order_events(run: qtg.Result, html: str) -> None:
    rejected = run.orders.filter(pl.col("exec_type").cast(pl.String) == "rejected")
    figure = view(html, "rejections")
    if rejected.height == 0:
        assert figure["missing"] == "No message was rejected."
    else:
        assert sum(figure["data"][0]["x"]) == rejected.height


def test_last_profit_agrees_with_the_last_snapshot(run: qtg.Result, html: str) -> None:
    last = run.agents.filter(pl.col("tick") == run.agents["tick"].max())
    makers = last.filter(pl.col("kind").cast(pl.String) == "market_maker")
    pnl = (makers["realized_pnl"] + makers["unrealized_pnl"]).sum()
    drawn = trace(view(html, "pnl"), f"market_maker ({makers.height})")
    assert drawn["y"][-1] == pytest.approx(pnl, rel=1e-3, abs=1)


def test_the_equity_view_ends_with_the_last_snapshot(run: qtg.Result, html: str) -> None:
    curve = run.equity_curve("noise_trader")
    drawn = trace(view(html, "pnl", name="Equity"), f"noise_trader ({curve['agents'][-1]})")
    assert drawn["x"] == curve["tick"].to_list()
    assert drawn["y"][-1] == pytest.approx(100 * curve["median"][-1], rel=1e-3, abs=1e-5)


def test_result_writes_the_same_report(run: qtg.Result, html: str, tmp_path: Path) -> None:
    written = run.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert written == html
