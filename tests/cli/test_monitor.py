"""`qtg top`, and the options of `qtg simulate` that watch a run."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.command import Command


@pytest.fixture
def watched(command: Command, tmp_path: Path) -> Path:
    """A run that was watched from the command line."""
    answer = command(
        *("simulate", "quick_test", "--ticks", "20", "--out", "run", "--monitor"),
        *("--metrics-file", "m.prom", "--log", "log.jsonl", "--log-level", "debug"),
    )
    assert answer.code == 0, answer
    return tmp_path / "run"


def test_a_watched_run_leaves_status_metrics_and_logs(watched: Path, tmp_path: Path) -> None:
    assert json.loads((watched / "status.json").read_text())["state"] == "complete"
    assert "\nqtg_ticks_total 70.0\n" in (tmp_path / "m.prom").read_text()
    logged = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert {"run started", "part committed", "run ended"} <= {each["message"] for each in logged}


def test_one_snapshot_as_text(command: Command, watched: Path) -> None:
    answer = command("top", watched, "--once")
    assert answer.code == 0
    assert answer.out.startswith("run: quick_test, seed 0, complete\ntick 70 of 70 (100%)")
    for row in ("tick ", "phase.match", "venue.match"):
        assert re.search(rf"^{row} +70 +\d", answer.out, re.M), row
    assert re.search(r"^resting orders: all \d+$", answer.out, re.M)
    assert answer.err == ""


def test_one_snapshot_as_json(command: Command, watched: Path) -> None:
    told = json.loads(command("top", watched, "--json").out)
    assert (told["tick"], told["state"]) == (70, "complete")
    assert told["latencies"]["phase.match"]["count"] == 70


def test_a_run_that_nobody_watched(command: Command, small_run: Path) -> None:
    assert "phase.match" in command("top", small_run, "--once").out


@pytest.mark.parametrize("how", [[], ["--once"], ["--json"]])
def test_no_run_there(command: Command, watched: Path, how: list[str]) -> None:
    line = command.fails(1, "top", "nowhere", *how)
    assert (
        line
        == "nowhere is not a run directory: it has no run.json; make one: qtg simulate quick_test"
    )


def test_runs_that_are_near_are_named(command: Command, watched: Path, tmp_path: Path) -> None:
    assert command.fails(1, "top", tmp_path, "--once").endswith(f"try {watched}")


def test_a_damaged_status(command: Command, watched: Path) -> None:
    (watched / "status.json").write_text("{")
    assert "status.json is damaged (" in command.fails(1, "top", watched, "--once")


def test_what_the_extra_installs_is_named(
    command: Command, watched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qtg.monitor.extra.find_spec", lambda name: None)
    assert command.fails(2, "top", watched) == (
        "qtg top needs textual, which is not installed: pip install 'qtg[monitor]'"
    )
    assert "needs hdrhistogram and psutil, which are not installed" in command.fails(
        2, "simulate", "quick_test", "--out", "other", "--monitor"
    )
    assert command("top", watched, "--once").code == 0, "a snapshot needs nothing"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--metrics-port", "70000"], "a port must be 0 to 65535, got 70000"),
        (["--metrics-file", "no/m.prom"], "metrics cannot be written to no/m.prom"),
        (["--log", "no/log"], "logs cannot be written to no/log"),
        (["--log", "log", "--log-level", "loud"], "no log level 'loud'"),
    ],
)
def test_options_that_cannot_be(
    command: Command, tmp_path: Path, options: list[str], says: str
) -> None:
    line = command.fails(2, "simulate", "quick_test", "--out", "run", *options)
    assert line.startswith(says)
    assert not (tmp_path / "run").exists()


def test_logs_on_stderr_are_nothing_but_json(command: Command) -> None:
    answer = command("simulate", "quick_test", "--ticks", "5", "--log", "-", "--json")
    lines = [json.loads(line) for line in answer.err.splitlines()]
    assert [each["message"] for each in lines] == ["run started", "run ended"]
    assert json.loads(answer.out)["ticks"] == 55


def test_the_environment_asks_for_logs_of_any_command(
    command: Command, small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QTG_LOG", "all.jsonl")
    monkeypatch.setenv("QTG_LOG_LEVEL", "debug")
    assert command("simulate", "quick_test", "--ticks", "5", "--out", "run").code == 0
    assert '"part committed"' in (tmp_path / "all.jsonl").read_text()
    monkeypatch.setenv("QTG_LOG", "no/all.jsonl")
    assert command.fails(2, "info", small_run).startswith("logs cannot be written to no/all.jsonl")
