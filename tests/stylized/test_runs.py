"""Bars and facts of real runs, and the command."""

import json

import numpy as np
import polars as pl
import pytest

import qtg
from qtg.errors import StorageError
from qtg.stylized.bars import minute_bars
from qtg.stylized.facts import anchoring, order_flow, spread
from tests.cli.command import Command

WARM, MINUTES = 50, 65


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> "qtg.Result":
    config = qtg.Config.preset("quick_test", ticks=MINUTES * 60 + 7, seed=3)
    return qtg.simulate(config, out=tmp_path_factory.mktemp("runs") / "long", progress=False)


def test_bars_are_the_minutes_of_the_trades(run: "qtg.Result") -> None:
    bars = minute_bars(run)
    assert bars.close.shape == (MINUTES, 2)
    trades = run.trades.with_columns(minute=(pl.col("tick") - WARM - 1) // 60)
    for place, symbol in enumerate(("AAPL", "XOM")):
        last = np.nan
        for minute in range(MINUTES):
            mine = trades.filter(pl.col("symbol") == symbol, pl.col("minute") == minute)
            last = mine["price"][-1] if mine.height else last
            assert bars.close[minute, place] == last or (np.isnan(last) and not minute)
            assert bars.volume[minute, place] == mine["qty"].sum()
        quotes = run.quotes.filter(pl.col("symbol") == symbol)
        ends = quotes.filter((pl.col("tick") - WARM) % 60 == 0, pl.col("tick") > WARM)
        assert bars.fair_value[:, place].tolist() == ends["fair_value"].to_list()[:MINUTES]


def test_spread_and_flow_are_those_of_the_tables(run: "qtg.Result") -> None:
    quotes = run.quotes.filter(pl.col("tick") > WARM).drop_nulls(["bid", "ask"])
    ticks = quotes.with_columns(width=((pl.col("ask") - pl.col("bid")) / 0.01).round(6))
    medians = [rows["width"].median() for rows in ticks.partition_by("symbol")]
    median, smallest, _ = spread(run)
    assert median.value == pytest.approx(np.median(np.array(medians, float)))
    assert smallest.passed
    trades = run.trades.filter(pl.col("tick") > WARM).cast({"side": pl.String})
    found = []
    for rows in trades.partition_by("symbol"):
        sign = np.where(rows["side"] == "buy", 1.0, -1.0)
        centred = sign - sign.mean()
        found.append((centred[1:] * centred[:-1]).sum() / (centred**2).sum())
    assert order_flow(run)[0].value == pytest.approx(np.median(found))


def test_prices_stay_near_fair_value(run: "qtg.Result") -> None:
    memory, reports = anchoring(minute_bars(run), run)
    assert memory.passed
    assert reports.passed is None or 0 <= reports.value <= 1


def test_a_scorecard_has_every_row_and_the_median_run() -> None:
    config = qtg.Config.preset("quick_test", ticks=60 * 62)
    runs = [qtg.simulate(config.with_(seed=seed), progress=False) for seed in (1, 2, 3)]
    alone = [qtg.realism(run).frame() for run in runs]
    table = qtg.realism(iter(runs)).frame()
    assert table["fact"].to_list() == alone[0]["fact"].to_list()
    for row in range(table.height):
        each = [frame["value"][row] for frame in alone]
        if None not in each:
            assert table["value"][row] == sorted(each)[1]
            assert table["pass_rate"][row] == pytest.approx(
                np.mean([frame["passed"][row] for frame in alone])
            )
    missing = table.filter(pl.col("passed").is_null())["fact"].to_list()
    assert {"square-root impact", "book shape"} <= set(missing)
    assert not {"spread", "order flow, lag 1", "anchoring"} & set(missing)


def test_a_short_run_says_how_long_it_must_be() -> None:
    run = qtg.simulate(qtg.Config.preset("quick_test", ticks=100), progress=False)
    with pytest.raises(StorageError, match="covers 1 of the 60 minutes .* at least 3600 ticks"):
        qtg.realism(run)


def test_the_command_measures_a_run(run: "qtg.Result", command: Command) -> None:
    done = command("realism", run.path, "--json")
    assert done.code == 0, done.err
    facts = json.loads(done.out)["facts"]
    assert [fact["fact"] for fact in facts] == qtg.realism(run).frame()["fact"].to_list()
    assert "no linear autocorrelation" in command("realism", run.path).out


def test_the_command_refuses_what_does_not_fit(run: "qtg.Result", command: Command) -> None:
    done = command("realism", run.path, "--seeds", 3)
    assert done.code == 2
    assert "--seeds is for presets and files" in done.err
    done = command("realism", "standrad")
    assert done.code == 2
    assert "did you mean 'standard'" in done.err
