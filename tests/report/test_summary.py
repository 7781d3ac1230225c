"""The summary table against sums taken row by row."""

import itertools
import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from qtg.report.context import read_context
from qtg.report.html import render
from qtg.report.summary import SymbolSummary, summarise

from .fake_run import FakeRun, fake_run
from .reading import cells


@pytest.fixture(scope="module")
def run() -> FakeRun:
    return fake_run(ticks=400, symbols=3)


def summaries(run: FakeRun) -> dict[str, SymbolSummary]:
    context = read_context(run)
    return {s.symbol: s for s in summarise(context.tables, context.quotes, context.seconds)}


def test_sums_agree_with_the_trades_behind_the_candles(run: FakeRun) -> None:
    for symbol, summary in summaries(run).items():
        traded = [r for r in run.quotes.iter_rows(named=True) if r["symbol"] == symbol]
        traded = [r for r in traded if r["volume"] > 0]
        volume = sum(r["volume"] for r in traded)
        notional = sum(r["volume"] * r["last"] for r in traded)
        assert summary.volume == volume
        assert summary.vwap == pytest.approx(notional / volume)
        assert summary.trades == sum(r["volume"] // 40 + 1 for r in traded)
        assert (summary.open, summary.close) == (traded[0]["last"], traded[-1]["last"])
        assert summary.change == pytest.approx(traded[-1]["last"] / traded[0]["last"] - 1)


def test_an_interrupted_run_is_summed_over_its_finest_candles(run: FakeRun) -> None:
    finest = run.candles.filter(timeframe=60)
    first = run.candles.filter(timeframe=300, tick=0)
    stopped = replace(run, candles=pl.concat([first, finest]))
    assert summaries(stopped)["AAPL"].volume == summaries(run)["AAPL"].volume


def test_mean_spread_is_in_price_ticks(run: FakeRun) -> None:
    for symbol, summary in summaries(run).items():
        rows = [r for r in run.quotes.iter_rows(named=True) if r["symbol"] == symbol]
        spreads = [(r["ask"] - r["bid"]) / 0.01 for r in rows]
        assert summary.spread == pytest.approx(sum(spreads) / len(spreads))


def test_ticks_with_an_empty_side_do_not_count_for_the_spread() -> None:
    run = fake_run(ticks=10, symbols=1)
    bid = [None, 0.0] + [99.98] * 8
    run.quotes = run.quotes.with_columns(bid=pl.Series(bid, dtype=pl.Float64), ask=pl.lit(100.0))
    assert summaries(run)["AAPL"].spread == pytest.approx(2.0)


def test_volatility_uses_every_tick_of_a_short_run(run: FakeRun) -> None:
    rows = [r for r in run.quotes.iter_rows(named=True) if r["symbol"] == "MSFT"]
    mid = [(r["bid"] + r["ask"]) / 2 for r in rows]
    squares = sum(math.log(b / a) ** 2 for a, b in itertools.pairwise(mid))
    year = 252 * 6.5 * 3600
    assert summaries(run)["MSFT"].volatility == pytest.approx(math.sqrt(squares / 399 * year))


def test_volatility_uses_minutes_of_a_long_run() -> None:
    run = fake_run(ticks=1_900, symbols=1)
    mid = ((run.quotes["bid"] + run.quotes["ask"]) / 2).to_numpy()[::60]
    squares = float((np.diff(np.log(mid)) ** 2).sum())
    expected = math.sqrt(squares / (31 * 60) * 252 * 6.5 * 3600)
    assert summaries(run)["AAPL"].volatility == pytest.approx(expected)


def test_a_symbol_that_never_traded_has_zero_volume_and_no_vwap(run: FakeRun) -> None:
    quiet = replace(run, candles=run.candles.filter(pl.col("symbol") != "AAPL"))
    quiet.quotes = run.quotes.with_columns(
        volume=pl.when(pl.col("symbol") == "AAPL").then(0).otherwise("volume")
    )
    summary = summaries(quiet)["AAPL"]
    assert (summary.volume, summary.trades) == (0.0, 0.0)
    assert math.isnan(summary.vwap)
    assert cells(render(quiet), "AAPL")[7] == "–"


def test_table_shows_the_numbers_rounded_for_people(run: FakeRun) -> None:
    summary = summaries(run)["NVDA"]
    row = cells(render(run), "NVDA")
    assert row[0] == "NVDAtech"
    assert row[2] == f"{summary.open:,.2f}"
    assert row[4].endswith(f"{summary.change:+.2%}")
    assert row[5] == f"{summary.volume:,.0f}"
    assert row[8] == f"{summary.spread:.2f}"


def test_prices_have_the_decimals_of_the_tick_size(run: FakeRun) -> None:
    fine = replace(run, instruments=run.instruments.with_columns(tick_size=pl.lit(0.0005)))
    assert len(cells(render(fine), "AAPL")[2].partition(".")[2]) == 4
