"""`qtg sweep`: sweeps from TOML files, and what they say."""

import json
from pathlib import Path

import pytest

import qtg
from qtg.sweeps.file import read_sweep
from tests.sweeps.small import GRID, tiny

from .command import Command

BASE = 'config = "tiny.toml"\n'
TOML = (
    BASE
    + """
seeds = 2
measure = "measures.py:shares"

[settings]
ticks = 8

[grid]
background.activity = [0.2, 0.6]
"smart.market_maker.count" = [1, 2]
"""
)
SERIAL = ("--executor", "serial")


@pytest.fixture
def folder(command: Command) -> Path:
    """Where a sweep's file, its market and its measure are; commands run above it."""
    place = Path("mine")
    place.mkdir()
    (place / "tiny.toml").write_text(tiny().to_toml())
    (place / "grid.toml").write_text(TOML)
    (place / "measures.py").write_text(
        "def shares(run):\n    return {'shares': run.trades['qty'].sum()}\n"
    )
    return place


def test_a_file_is_what_sweep_is_given(command: Command, folder: Path) -> None:
    answer = command("sweep", folder / "grid.toml", *SERIAL)
    assert answer.code == 0, answer
    assert "qtg: tiny: 8 of 8 runs are over" in answer.err
    done = qtg.open_sweep("sweeps/grid")
    config = tiny(ticks=8)
    by_hand = qtg.sweep(config, GRID, 2, executor="serial")
    assert done.runs["trace_hash"].to_list() == by_hand.runs["trace_hash"].to_list()
    lines = answer.out.splitlines()
    assert lines[0] == "tiny"
    assert lines[1].split() == ["activity", "count", "runs", "shares"]
    point = done.points.to_dicts()[0]
    assert lines[3].split()[:3] == ["0.2", "1", "2"]
    assert f"{point['shares']:.4g}" in lines[3].replace(",", "")
    assert "8 complete" in answer.out
    assert answer.out.endswith(f"sweep {Path('sweeps/grid').resolve()}\n")
    shown = command("sweep", "show", "sweeps/grid")
    assert shown.out == answer.out.replace(str(Path("sweeps/grid").resolve()), "sweeps/grid")
    again = command("sweep", "run", folder / "grid.toml", *SERIAL, "--resume", "--json")
    told = json.loads(again.out)
    assert (told["complete"], told["failed"], told["waiting"]) == (8, 0, 0)
    assert [run["trace_hash"] for run in told["runs"]] == done.runs["trace_hash"].to_list()
    assert told["runs"][3]["background.activity"] == 0.2


def test_options_may_come_first_and_the_folder_may_be_chosen(
    command: Command, folder: Path
) -> None:
    answer = command("sweep", *SERIAL, "--out", "there", folder / "grid.toml", "--json")
    assert answer.code == 0
    assert qtg.open_sweep("there").counts()["complete"] == 8
    assert not Path("sweeps").exists()


def test_a_sweep_is_checked_without_running(command: Command, folder: Path) -> None:
    answer = command("sweep", folder / "grid.toml", "--check")
    assert (answer.code, answer.out) == (0, "mine/grid.toml: valid, 8 runs\n")
    assert not Path("sweeps").exists()


def test_runs_that_fail_are_listed_and_the_command_ends_with_1(
    command: Command, folder: Path
) -> None:
    (folder / "measures.py").write_text(
        "def shares(run):\n    return {'shares': 1 / run.config['seed']}\n"
    )
    answer = command("sweep", folder / "grid.toml", *SERIAL)
    assert answer.code == 1
    assert "4 complete, 4 failed" in answer.out
    failed = [line for line in answer.out.splitlines() if line.startswith("failed: run")]
    assert len(failed) == 4
    assert failed[0].startswith(
        "failed: run 0 (background.activity = 0.2, smart.market_maker.count = 1, seed 0): measure "
        "failed: ZeroDivisionError: division by zero (measures.py, line 2)"
    )
    assert "1 of 2" in answer.out


def test_points_and_samples_are_grids_too(folder: Path) -> None:
    (folder / "points.toml").write_text(BASE + "[[points]]\nticks = 3\n[[points]]\nticks = 4\n")
    told = read_sweep(folder / "points.toml")
    assert (told.grid, told.seeds, told.out) == (
        [{"ticks": 3}, {"ticks": 4}],
        1,
        Path("sweeps/points"),
    )
    (folder / "sample.toml").write_text(
        BASE + 'seeds = [4, 5]\nout = "here"\n[sample]\nn = 5\nhow = "random"\nseed = 3\n'
        "[sample.ranges]\nbackground.activity = [0.1, 0.5]\n"
        "ticks = { low = 5, high = 9, whole = true }\n"
    )
    told = read_sweep(folder / "sample.toml")
    ranges = {"background.activity": [0.1, 0.5], "ticks": {"low": 5, "high": 9, "whole": True}}
    assert told.grid == qtg.sweeps.draw_points(ranges, 5, "random", 3)
    assert (told.seeds, told.out) == ([4, 5], folder / "here")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "config is missing; give a preset or the path of a .toml file"),
        ('config = "quik_test"', "no preset or file 'quik_test'; did you mean 'quick_test'?"),
        ('config = "none.toml"', "mine/none.toml: no such file"),
        ("config = 3", "config must be text, got 3"),
        (BASE + "sedes = 3", "bad.toml: no such key 'sedes'; did you mean 'seeds'?"),
        (BASE + 'seeds = "3"', "seeds must be a number or a list of seeds, got '3'"),
        (BASE + "seeds = 0", "seeds must be at least 1, got 0"),
        (BASE + "settings = 3", "settings must be a table, got 3"),
        (BASE + "[settings]\ntiks = 3", "bad.toml: tiks: no such setting; did you mean 'ticks'?"),
        (BASE + "[grid]", "the grid is empty"),
        (BASE + "[grid]\nticks = 5", "grid: ticks must be a list of values, got 5"),
        (BASE + "[grid]\ntiks = [5]", "tiks: no such setting; did you mean 'ticks'?"),
        (BASE + "[grid]\nticks = [0, 5]", "1 of 2 points of the grid cannot be run: ticks: must"),
        (BASE + "points = []", "the grid is empty"),
        (BASE + "[grid]\nticks=[1]\n[[points]]\nticks = 1", "grid and points are both given"),
        (BASE + "sample = 3", "sample must be a table, got 3"),
        (BASE + "[sample]", "sample: n is missing"),
        (BASE + "[sample]\nm = 3", "sample: no such key 'm'"),
        (BASE + "[sample]\nn = 3\nranges = 1", "sample: ranges must be a table, got 1"),
        (BASE + "[sample]\nn = 3", "there are no ranges to draw from"),
        (BASE + 'measure = "none.py:f"', "there is no Python file at mine/none.py"),
        (BASE + 'measure = "measures.py:f"', "there is no function f in mine/measures.py"),
        (BASE + 'strategies = ["none.py"]', "no Python file at mine/none.py"),
        (BASE + "strategies = 3", "strategies must be a list of paths, got 3"),
        ("config = ", "bad.toml: is not valid TOML"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(
    text: str, sentence: str, command: Command, folder: Path
) -> None:
    (folder / "bad.toml").write_text(text)
    for more in ((), ("--check",)):
        assert sentence in command.fails(2, "sweep", folder / "bad.toml", *SERIAL, *more)
    assert not Path("sweeps").exists()


def test_wrong_use_is_refused(command: Command, folder: Path) -> None:
    file = folder / "grid.toml"
    assert "no such file" in command.fails(2, "sweep", "none.toml")
    assert "not both" in command.fails(2, "sweep", file, "--resume", "--overwrite")
    told = command.fails(1, "sweep", "show", folder)
    assert told == "mine is not the folder of a sweep: it has no sweep.json"
    for arguments in (("--workers", "0"), ("--executor", "dask"), ("--sede", "3")):
        answer = command("sweep", file, *arguments)
        assert (answer.code, answer.out) == (2, "")
        assert "Usage" in answer.err
