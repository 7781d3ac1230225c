"""What comes back from a sweep, against runs made one by one."""

import statistics
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import qtg
from qtg.agents import registry

from .small import GRID, clumsy_file, shares, timeless, tiny, with_clumsy


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> qtg.Sweep:
    place = tmp_path_factory.mktemp("sweeps") / "small [1]"  # signs that patterns are made of
    return qtg.sweep(tiny(), GRID, 2, executor="serial", out=place, measure=shares)


@pytest.fixture(scope="module")
def alone() -> list[qtg.Result]:
    """The same runs, each by itself."""
    return [
        qtg.simulate(tiny().with_({"background.activity": a, "smart.0.count": n}, seed=seed))
        for a in (0.2, 0.6)
        for n in (1, 2)
        for seed in (0, 1)
    ]


def test_a_sweep_makes_the_runs_that_one_would_make_by_hand(
    done: qtg.Sweep, alone: list[qtg.Result]
) -> None:
    runs = done.runs
    assert runs["run_id"].to_list() == list(range(8))
    assert runs["seed"].to_list() == [0, 1] * 4
    assert runs["background.activity"].to_list() == [0.2] * 4 + [0.6] * 4
    assert runs["smart.market_maker.count"].to_list() == [1, 1, 2, 2] * 2
    assert set(runs["status"]) == {"complete"}
    assert runs["error"].null_count() == 8
    assert runs["trace_hash"].to_list() == [run.trace_hash for run in alone]
    assert runs["orders"].to_list() == [run.metrics["orders"].sum() for run in alone]
    assert runs["trades"].to_list() == [run.trades.height for run in alone]
    assert runs["shares"].to_list() == [run.trades["qty"].sum() for run in alone]
    assert runs["note"].to_list() == ["fine"] * 8
    assert (runs["seconds"] > 0).all()
    assert len(set(runs["trace_hash"])) == 8


def test_duckdb_and_polars_read_all_runs_as_one_table(
    done: qtg.Sweep, alone: list[qtg.Result]
) -> None:
    together = pl.concat(
        run.scan("trades", raw=True)
        .with_columns(pl.col("symbol", "side").cast(str), run_id=pl.lit(n, pl.Int64))
        .collect()
        for n, run in enumerate(alone)
    )
    place = str(done.path).replace("[", "[[]")
    files = f"{place}/runs/*/trades/*.parquet"
    by_duckdb = duckdb.sql(
        f"select * from read_parquet('{files}', hive_partitioning=true) order by run_id, trade_id"
    ).pl()
    paths = sorted(Path(str(done.path)).glob("runs/*/trades/*.parquet"))
    by_polars = pl.scan_parquet(paths, hive_partitioning=True, glob=False)
    for read in (by_duckdb, by_polars.collect()):
        same = read.select(together.columns).with_columns(pl.col("symbol", "side").cast(str))
        assert_frame_equal(same.sort("run_id", "trade_id"), together, check_dtypes=False)


def test_sql_and_frames_over_all_runs_are_in_readable_units(
    done: qtg.Sweep, alone: list[qtg.Result]
) -> None:
    told = done.sql(
        'select run_id, any_value("background.activity") a, sum(qty)::BIGINT n, max(price) p '
        "from trades join runs using (run_id) group by run_id order by run_id"
    )
    assert told["n"].to_list() == [run.trades["qty"].sum() for run in alone]
    assert told["p"].to_list() == [run.trades["price"].max() for run in alone]
    assert told["a"].to_list() == done.runs["background.activity"].to_list()
    trades = done.scan("trades").collect()
    assert trades.columns[0] == "run_id"
    for n, run in enumerate(alone):
        assert_frame_equal(trades.filter(run_id=n).drop("run_id"), run.trades)
    raw = done.scan("trades", raw=True).filter(run_id=3).collect()
    assert raw["price"].to_list() == alone[3].table("trades", raw=True)["price"].to_list()
    assert done.sql("select count(*) from raw.trades").item() == trades.height


def test_a_run_of_a_sweep_is_an_ordinary_run(done: qtg.Sweep, alone: list[qtg.Result]) -> None:
    run = done.run(5)
    assert run.path == done.path / "runs" / "run_id=5"
    assert run.trace_hash == alone[5].trace_hash
    assert_frame_equal(run.quotes, alone[5].quotes)


def test_points_have_means_and_standard_errors(done: qtg.Sweep) -> None:
    assert done.points.select("runs", "complete").rows() == [(2, 2)] * 4
    for n, point in enumerate(done.points.to_dicts()):
        own = done.runs[2 * n : 2 * n + 2]
        assert point["background.activity"] == own["background.activity"][0]
        for name in ("trades", "shares", "active_share", "seconds"):
            values = own[name].to_list()
            assert point[name] == pytest.approx(statistics.mean(values))
            assert point[f"{name}_se"] == pytest.approx(statistics.stdev(values) / 2**0.5)


def test_what_is_stored_tells_the_same(done: qtg.Sweep) -> None:
    assert done.path is not None
    again = qtg.open_sweep(done.path)
    assert_frame_equal(again.runs, done.runs)
    assert_frame_equal(pl.read_parquet(done.path / "summary.parquet", glob=False), done.runs)
    assert again.counts() == {"complete": 8, "failed": 0, "waiting": 0}
    assert "8 complete" in repr(again)
    assert not list((done.path / "unfinished").iterdir())
    assert {each.name for each in done.path.iterdir()} == {
        "sweep.json",
        "summary.parquet",
        "runs",
        "unfinished",
    }


def test_a_sweep_without_a_folder_keeps_its_table_alone(
    done: qtg.Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lean = qtg.sweep(tiny(), GRID, 2, executor="serial", measure=shares)
    assert_frame_equal(timeless(lean.runs), timeless(done.runs))
    assert not list(tmp_path.iterdir())
    for ask in (lambda: lean.sql("select 1"), lambda: lean.scan("trades"), lambda: lean.run(0)):
        with pytest.raises(qtg.StorageError, match="this sweep kept no runs"):
            ask()


def test_tables_that_only_some_runs_stored_have_those_runs(tmp_path: Path) -> None:
    grid = {"storage.orders": [False, True]}
    found = qtg.sweep(tiny(), grid, executor="serial", out=tmp_path / "some")
    orders = found.scan("orders").collect()
    assert set(orders["run_id"]) == {1}
    assert orders.height == found.run(1).table("orders").height
    assert found.runs["storage.orders"].to_list() == [False, True]
    with pytest.raises(qtg.StorageError, match="did not store halts"):
        found.scan("halts")
    with pytest.raises(qtg.StorageError, match="one run at a time"):
        found._all_runs.chunks("trades")
    with pytest.raises(qtg.StorageError, match="the query failed"):
        found.sql("select nothing from trades")


def test_values_of_every_sort_become_columns() -> None:
    points = [
        {"background.size": {"kind": "constant", "value": 3}, "background.regime": "calm"},
        {"background.size": 5, "ticks": 5},
        {},
    ]
    runs = qtg.sweep(tiny(), points, executor="serial", measure=_odd).runs
    assert runs["background.size"].to_list() == ['{"kind": "constant", "value": 3}', "5", None]
    assert runs["background.regime"].to_list() == ["calm", None, None]
    assert runs["ticks"].to_list() == [None, 5, None]
    assert runs["ticks"].dtype == pl.Int64
    assert runs.select("mixed", "only", "flag", "big").rows() == [
        ("1", None, True, 2.0**70),
        ("x", 0.5, None, 1.0),
        (None, None, False, None),
    ]


def _odd(run: qtg.Result) -> dict[str, Any]:
    if run.config["ticks"] == 5:
        return {"mixed": "x", "only": 0.5, "flag": None, "big": 1}
    if run.config["background"]["regime"] == "calm":
        return {"mixed": 1, "flag": True, "big": 2**70}
    return {"flag": False}


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (3, "measure must answer with a dict of numbers and texts, got 3"),
        ({"a": [1]}, "measure: a must be a number or a text, got [1]"),
        ({1: 1}, "measure must name its numbers by texts, got 1"),
        ({"trades": 1}, "measure: 'trades' is a column of every sweep"),
        ({"ticks": 1}, "measure: 'ticks' is a column of every sweep"),
        (
            ZeroDivisionError("by zero"),
            "measure failed: ZeroDivisionError: by zero (test_results.py, line",
        ),
        (qtg.StorageError("nothing there"), "measure failed: nothing there"),
    ],
)
def test_a_measure_that_fails_makes_a_failure(answer: Any, sentence: str, tmp_path: Path) -> None:
    def measure(run: qtg.Result) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    found = qtg.sweep(
        tiny(), {"ticks": [3]}, executor="serial", measure=measure, out=tmp_path / "s"
    )
    assert found.runs["status"].to_list() == ["failed"]
    assert sentence in found.runs["error"][0]
    assert not list((tmp_path / "s" / "runs").iterdir())
    with pytest.raises(qtg.StorageError, match="run 0 is not finished"):
        found.run(0)
    with pytest.raises(qtg.StorageError, match="nothing to read"):
        found.sql("select 1")


def test_runs_that_fail_are_listed_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_KINDS", dict(registry._KINDS))
    file = clumsy_file(tmp_path)
    grid = {"smart.clumsy.params.clumsiness": [0, 1]}
    found = qtg.sweep(
        with_clumsy(), grid, 2, executor="serial", out=tmp_path / "s", strategies=[file]
    )
    assert found.runs["status"].to_list() == ["complete", "complete", "failed", "failed"]
    assert found.failures["run_id"].to_list() == [2, 3]
    assert "ValueError: dropped it" in found.failures["error"][0]
    assert found.runs["trades"].null_count() == 2
    assert found.points["complete"].to_list() == [2, 0]
    assert found.counts() == {"complete": 2, "failed": 2, "waiting": 0}
    assert_frame_equal(qtg.open_sweep(tmp_path / "s").runs, found.runs)
    assert qtg.open_run(tmp_path / "s" / "unfinished" / "run_id=2").status == "failed"
