"""A sweep that was stopped goes on; one that is another one is refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from polars.testing import assert_frame_equal

import qtg
from qtg.agents import registry
from qtg.store.lock import RunLock
from qtg.sweeps import running
from qtg.sweeps.serial import serial_rows

from .small import GRID, clumsy_file, picky, shares, timeless, tiny, with_clumsy


def go(place: Path, grid: Any = GRID, seeds: Any = 2, **options: Any) -> qtg.Sweep:
    config = options.pop("config", tiny())
    return qtg.sweep(config, grid, seeds, executor="serial", out=place, **options)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> qtg.Sweep:
    """A sweep that nobody stopped."""
    return go(tmp_path_factory.mktemp("sweeps") / "whole")


@pytest.fixture
def place(whole: qtg.Sweep, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    assert whole.path is not None
    return Path(shutil.copytree(whole.path, tmp_path / "sweep"))


def made(place: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The runs that are made from now on."""
    numbers: list[int] = []

    def counted(setup: Any, jobs: Any) -> Any:
        for row in serial_rows(setup, jobs):
            numbers.append(row.run_id)
            yield row

    monkeypatch.setattr(running, "serial_rows", counted)
    return numbers


def test_a_stopped_sweep_makes_what_is_left(
    whole: qtg.Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "sweep"
    quiet = iter([True] * 3 + [False] + [True] * 5)

    def stop(run: qtg.Result) -> dict[str, Any]:
        if not next(quiet):
            raise KeyboardInterrupt
        return {}

    with pytest.raises(KeyboardInterrupt):
        go(place, measure=stop)
    early = qtg.open_sweep(place)
    assert early.counts() == {"complete": 3, "failed": 0, "waiting": 5}
    assert early.runs["status"].to_list() == ["complete"] * 3 + ["waiting"] * 5
    assert [each.name for each in (place / "unfinished").iterdir()] == ["run_id=3"]
    assert early.scan("trades").collect()["run_id"].n_unique() == 3
    assert (place / "summary.parquet").exists()
    before = {n: (place / f"runs/run_id={n}/row.json").read_text() for n in range(3)}
    numbers = made(place, monkeypatch)
    done = go(place, measure=stop, resume=True)
    assert numbers == [3, 4, 5, 6, 7]
    assert_frame_equal(timeless(done.runs), timeless(whole.runs))
    assert before == {n: (place / f"runs/run_id={n}/row.json").read_text() for n in range(3)}
    assert not list((place / "unfinished").iterdir())


def test_a_finished_sweep_makes_nothing(
    whole: qtg.Sweep, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = made(place, monkeypatch)
    assert_frame_equal(go(place, resume=True).runs, whole.runs)
    assert numbers == []


@pytest.mark.parametrize("damage", ["no row", "half moved", "nothing"])
def test_a_run_that_is_not_whole_is_made_again(
    damage: str, whole: qtg.Sweep, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = place / "runs" / "run_id=4"
    if damage == "no row":  # as it is before it is measured
        (run / "row.json").unlink()
        run.rename(place / "unfinished" / "run_id=4")
    elif damage == "half moved":  # killed before its run.json was whole
        run.rename(place / "unfinished" / "run_id=4")
        (place / "unfinished" / "run_id=4" / "run.json").write_text("{")
    else:
        shutil.rmtree(run)
    numbers = made(place, monkeypatch)
    done = go(place, resume=True)
    assert numbers == [4]
    assert_frame_equal(timeless(done.runs), timeless(whole.runs))
    assert done.run(4).trace_hash == whole.run(4).trace_hash


def test_failed_runs_are_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("picky").touch()
    first = go(tmp_path / "s", measure=picky)
    assert first.failures["run_id"].to_list() == [1, 3, 5, 7]
    Path("picky").unlink()
    assert qtg.open_sweep("s").counts()["failed"] == 4
    numbers = made(tmp_path, monkeypatch)
    done = go(tmp_path / "s", measure=picky, resume=True)
    assert numbers == [1, 3, 5, 7]
    assert done.counts() == {"complete": 8, "failed": 0, "waiting": 0}
    assert not list((tmp_path / "s" / "unfinished").iterdir())


def refused(kind: type[qtg.QtgError], place: Path, **options: Any) -> str:
    """The sentence; nothing that is there may have changed."""
    before = {file: file.read_bytes() for file in place.rglob("*") if file.is_file()}
    with pytest.raises(kind) as caught:
        go(place, **options)
    after = {file: file.read_bytes() for file in place.rglob("*") if file.is_file()}
    assert before == after
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_earlier_sweep_is_not_touched_unasked(place: Path) -> None:
    told = refused(qtg.StorageError, place)
    assert "already holds a sweep; go on with it (resume=True, --resume)" in told


def test_another_grid_is_refused_and_added_if_asked_for(
    whole: qtg.Sweep, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = {**GRID, "smart.market_maker.count": [2, 3]}
    told = refused(qtg.SweepError, place, grid=more, resume=True)
    assert "another grid or other seeds: 4 runs are new, the first with background.activity" in told
    assert "= 3, seed 0 and 4 runs are not asked for any more, the first with" in told
    assert "1 runs" not in refused(qtg.SweepError, place, seeds=1, resume=True)
    numbers = made(place, monkeypatch)
    done = go(place, grid=more, extend=True)
    assert numbers == [8, 9, 10, 11]
    assert_frame_equal(done.runs[:8], whole.runs)
    assert done.runs["smart.market_maker.count"].to_list()[8:] == [3] * 4
    assert done.runs["background.activity"].to_list()[8:] == [0.2, 0.2, 0.6, 0.6]
    alone = qtg.simulate(tiny(seed=1, **{"background.activity": 0.6, "smart.0.count": 3}))
    assert done.runs["trace_hash"][11] == alone.trace_hash
    both = qtg.open_sweep(place)
    assert both.runs.height == 12
    go(place, grid=more, extend=True)
    assert numbers == [8, 9, 10, 11]


def test_another_configuration_is_refused(place: Path) -> None:
    told = refused(qtg.SweepError, place, config=tiny(ticks=11, name="other"), resume=True)
    assert "a sweep of another configuration: name was 'tiny', is 'other', ticks was 10, is" in told
    assert "another configuration" in refused(qtg.SweepError, place, config=tiny(ticks=11))
    assert "another configuration" in refused(
        qtg.SweepError, place, config=tiny(bar_ticks=3), extend=True
    )


def test_other_code_is_refused_and_taken_if_asked_for(
    whole: qtg.Sweep, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = place / "sweep.json"
    told = json.loads(file.read_text())
    told["code"] |= {"polars": "0.1", "sources": "abc"}
    file.write_text(json.dumps(told))
    message = refused(qtg.SweepError, place, resume=True)
    assert "was made by other code: polars was 0.1, is " in message
    assert "sources was abc, is " in message
    assert "measure was not there, is " in refused(
        qtg.SweepError, place, resume=True, measure=shares
    )
    shutil.rmtree(place / "runs" / "run_id=7")
    numbers = made(place, monkeypatch)
    done = go(place, resume=True, other_code=True)
    assert numbers == [7]
    assert_frame_equal(timeless(done.runs), timeless(whole.runs))
    go(place, resume=True)


def test_a_changed_strategy_is_other_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_KINDS", dict(registry._KINDS))
    file = clumsy_file(tmp_path)
    options: dict[str, Any] = {"config": with_clumsy(), "grid": None, "strategies": [file]}
    go(tmp_path / "s", **options)
    go(tmp_path / "s", resume=True, **options)
    file.write_text(file.read_text().replace("> 0", "> 1"))
    told = refused(qtg.SweepError, tmp_path / "s", resume=True, **options)
    assert "strategies in clumsy.py was" in told


def test_an_earlier_sweep_is_replaced_if_asked_for(place: Path) -> None:
    (place / "notes.txt").write_text("mine")
    done = go(place, grid={"ticks": [3]}, seeds=1, overwrite=True)
    assert done.runs.height == 1
    assert [each.name for each in (place / "runs").iterdir()] == ["run_id=0"]
    assert (place / "notes.txt").read_text() == "mine"


def test_a_sweep_that_never_began_is_begun(place: Path) -> None:
    for run in place.glob("*/run_id=*"):
        shutil.rmtree(run)
    assert go(place, grid={"ticks": [3]}, seeds=1).runs.height == 1


def test_what_is_no_sweep_is_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "thesis"
    place.mkdir()
    (place / "thesis.txt").write_text("precious")
    for options in ({}, {"resume": True}, {"overwrite": True}):
        assert "something that is not a sweep" in refused(qtg.StorageError, place, **options)
    qtg.simulate(tiny(), tmp_path / "run")
    told = refused(qtg.StorageError, tmp_path / "run", overwrite=True)
    assert "something that is not a sweep" in told
    (tmp_path / "file").write_text("")
    for name in ("file", "file/below"):
        with pytest.raises(qtg.StorageError, match="choose another"):
            go(tmp_path / name)
    with pytest.raises(qtg.StorageError, match="no sweep can be written to /proc/sweep"):
        go(Path("/proc/sweep"))


def test_a_sweep_that_is_still_going_on_is_not_gone_on_with(place: Path) -> None:
    with RunLock(place):
        assert "is being written by process" in refused(qtg.StorageError, place, resume=True)
        assert qtg.open_sweep(place).counts()["complete"] == 8


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "is not the folder of a sweep: it has no sweep.json"),
        ("{", "is damaged"),
        ("[]", "is not one of qtg's"),
        ('{"format": "other"}', "is not one of qtg's"),
        ('{"format": "qtg-sweep", "format_version": 9}', "has format_version 9, this qtg reads 1"),
        ('{"format": "qtg-sweep", "format_version": 1}', "is incomplete"),
        (
            '{"format": "qtg-sweep", "format_version": 1, "name": "", "created": "", '
            '"config": {}, "code": {}, "runs": [{"run_id": 1}]}',
            "is incomplete",
        ),
    ],
)
def test_a_damaged_folder_is_told(text: str | None, sentence: str, place: Path) -> None:
    file = place / "sweep.json"
    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    with pytest.raises(qtg.StorageError) as caught:
        qtg.open_sweep(place)
    assert sentence in str(caught.value)


def test_a_damaged_row_is_told(place: Path) -> None:
    (place / "runs" / "run_id=2" / "row.json").write_text("{")
    with pytest.raises(qtg.StorageError, match=r"run_id=2, and resume the sweep"):
        qtg.open_sweep(place)
    shutil.rmtree(place / "runs" / "run_id=2")
    shutil.copytree(place / "runs" / "run_id=3", place / "runs" / "run_id=2")
    with pytest.raises(qtg.StorageError, match="run_id=2 is no run of this sweep; remove it"):
        go(place, resume=True)
