"""The report as a file: self-contained, small, honest about what is missing."""

import base64
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from qtg.errors import StorageError
from qtg.report.bundle import packed
from qtg.report.html import render, write_report

from .fake_run import FakeRun, fake_run
from .reading import packed_part, page_without_packed_parts, payload, view

CHARTS = {
    "overview",
    "price",
    "book",
    "flow",
    "returns",
    "memory",
    "pnl",
    "activity",
    "ticktime",
    "rejections",
}


@pytest.fixture(scope="module")
def run() -> FakeRun:
    return fake_run(ticks=200, symbols=2)


@pytest.fixture(scope="module")
def html(run: FakeRun) -> str:
    return render(run)


def test_write_report_returns_the_path_of_an_html_file(run: FakeRun, tmp_path: Path) -> None:
    path = write_report(run, str(tmp_path / "report.html"))
    assert path == tmp_path / "report.html"
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_an_unwritable_place_is_a_storage_error(run: FakeRun, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot write the report .*nowhere"):
        write_report(run, tmp_path / "nowhere" / "report.html")


def test_page_refers_to_nothing_outside_itself(html: str) -> None:
    page = page_without_packed_parts(html)
    for word in ("http:", "https:", " src=", "@import", "<link", "url(", "fetch("):
        assert word not in page


def test_plotly_is_in_the_page_once(html: str) -> None:
    assert "plotly.js v" in packed_part(html, "plotly-source")[:200]
    assert html.count('id="plotly-source"') == 1


def test_every_chart_has_its_place_in_the_page(html: str) -> None:
    assert set(payload(html)["charts"]) == CHARTS
    for key in CHARTS:
        assert html.count(f'data-chart="{key}"') == 1


def test_no_two_elements_have_the_same_id(html: str) -> None:
    ids = re.findall(r'\bid="([^"]*)"', page_without_packed_parts(html))
    assert len(ids) == len(set(ids))
    assert {"summary", "returns", "chart-returns"} <= set(ids)


def test_every_drawn_symbol_can_be_chosen(html: str) -> None:
    assert payload(html)["symbols"] == ["AAPL", "MSFT"]
    for symbol in ("AAPL", "MSFT"):
        assert f"<option>{symbol}</option>" in html
        assert f'data-symbol="{symbol}"' in html


def test_same_run_gives_the_same_file(run: FakeRun, html: str) -> None:
    assert render(run) == html


def test_packed_parts_carry_no_time_stamp() -> None:
    assert base64.b64decode(packed("text"))[4:8] == bytes(4)


def test_head_names_the_run_and_its_figures(run: FakeRun, html: str) -> None:
    wall = run.metrics["total_ns"].sum() / 1e9
    orders = run.metrics["orders"].sum()
    acting = 100 + run.metrics["woken"].mean() + run.metrics["orders_background"].mean()
    for part in (
        "<h1>standard</h1>",
        '<span class="badge good">complete</span>',
        "100,100 agents traded 2 symbols for 200 ticks",
        "reactive <b>10,000</b>",
        "5f0c93a1d27be486",
        "normal regime",
        f"<dd>{orders / wall / 1e6:.1f} M<small>{orders:,} orders</small>",
        f"<dd>{acting / 100_100:.1%}<small>",
    ):
        assert part in html, part


def test_figures_of_the_head_leave_out_the_warm_up(run: FakeRun) -> None:
    config = run.config | {"warmup": {"ticks": 50}, "ticks": 150}
    html = render(replace(run, config=config))
    orders = run.metrics.filter(pl.col("tick") >= 50)["orders"].sum()
    assert f"{orders:,} orders" in html
    assert "after 50 of warm-up" in html


def test_a_stopped_run_has_as_much_warm_up_as_configured(run: FakeRun) -> None:
    config = run.config | {"warmup": {"ticks": 50}, "ticks": 10_000}
    html = render(replace(run, config=config, status="running/interrupted", trace_hash=None))
    assert payload(html)["warmup"] == [0, 49]
    assert '<span class="badge bad">running/interrupted</span>' in html


def test_a_failed_run_says_why(run: FakeRun) -> None:
    about = run.about | {"reason": "the disk is full <at part 3>"}
    html = render(replace(run, status="failed", trace_hash=None, about=about))
    assert "The run stopped early: the disk is full &lt;at part 3&gt;" in html
    assert "the run did not complete" in html


def test_names_are_escaped(run: FakeRun) -> None:
    html = render(replace(run, config=run.config | {"name": "<script>alert(1)</script>"}))
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


def test_a_run_without_any_table_says_so_everywhere() -> None:
    html = render(FakeRun(), "first")
    assert "<h1>first</h1>" in html
    assert "This run holds no ticks." in html
    for key in CHARTS - {"rejections", "flow"}:  # a chart that is left out if nothing was counted
        assert "did not store" in view(html, key)["missing"]
    assert "order events" in view(html, "rejections")["missing"]


@pytest.mark.parametrize("ticks", [1, 2, 3, 60])
@pytest.mark.parametrize("symbols", [1, 2])
def test_short_runs_make_a_report(ticks: int, symbols: int) -> None:
    html = render(fake_run(ticks, symbols))
    assert view(html, "price", "AAPL")["data"][0]["x"] == list(range(ticks))
    if ticks <= 50:
        assert view(html, "returns")["missing"] == "Needs at least 51 ticks."
    else:
        assert "missing" not in view(html, "returns", "AAPL")


def test_a_market_without_trades_makes_a_report(run: FakeRun) -> None:
    quotes = run.quotes.with_columns(
        bid=pl.lit(None, pl.Float64), ask=pl.lit(0.0), last=pl.lit(100.0), volume=pl.lit(0)
    )
    still = replace(run, quotes=quotes, candles=run.candles.head(0))
    html = render(still)
    assert "too few price changes" in view(html, "returns", "AAPL")["missing"]
    assert "empty in 100.0%" in view(html, "book", "AAPL")["note"]
    assert list(payload(html)["charts"]["price"]["views"]) == ["Line"]


@pytest.mark.parametrize(
    "name", ["quotes", "candles", "metrics", "agents", "instruments", "orders"]
)
@pytest.mark.parametrize("empty", [True, False])
def test_any_table_may_be_missing_or_empty(run: FakeRun, name: str, empty: bool) -> None:
    lacking = replace(run, **{name: getattr(run, name).head(0) if empty else None})
    html = render(lacking)
    assert payload(html)["symbols"] == ["AAPL", "MSFT"]
    broken = {
        "quotes": {"overview", "book", "returns", "memory"},
        "metrics": {"activity", "ticktime"},
        "agents": {"pnl"},
        "orders": {"rejections"},
    }
    without = {
        key
        for key, chart in payload(html)["charts"].items()
        if all("missing" in f for v in chart["views"].values() for f in v.values())
    }
    assert without == broken.get(name, set())


def test_a_long_run_stays_a_small_file() -> None:
    html = render(fake_run(ticks=10_000, symbols=10))
    assert len(html) < 4_000_000
    longest = max(
        len(trace["x"])
        for figure in payload(html)["charts"]["price"]["views"]["Line"].values()
        for trace in figure["data"]
    )
    assert longest <= 2_000


def test_many_symbols_are_drawn_by_turnover_and_all_are_listed() -> None:
    run = fake_run(ticks=60, symbols=70)
    busy = run.quotes.group_by("symbol").agg((pl.col("volume") * pl.col("last")).sum())
    least = busy.sort("volume")["symbol"][0]
    html = render(run)
    drawn = payload(html)["symbols"]
    assert len(drawn) == 60
    assert least not in drawn
    assert f"<b>{least}</b>" in html
    assert "the 60 symbols with the largest turnover" in html


def test_plotly_is_imported_only_when_a_report_is_written() -> None:
    code = "import sys, qtg, qtg.report.html; sys.exit('plotly' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
