"""`qtg recover`: what is left of a run, and on from there."""

import json
from pathlib import Path

import pytest

from .command import Command

pytestmark = pytest.mark.compiled


@pytest.fixture
def run(command: Command, tmp_path: Path) -> Path:
    """A run that was stopped in its last tick, its log cut in the middle of a record."""
    place = tmp_path / "run"
    assert command("simulate", "quick_test", "--wal", "--ticks", "30", "--out", place).code == 0
    (place / "log" / "durable").unlink()
    segment = place / "log" / "00000001.wal"
    segment.write_bytes(segment.read_bytes()[:-70])  # the end, and some of the last tick
    return place


def test_it_says_what_is_left_and_goes_on(command: Command, run: Path) -> None:
    report = json.loads(command("recover", run, "--json").out)
    assert (report["complete"], report["tick"], report["snapshot"]) == (False, 79, None)
    assert report["torn"]["why"] == "a record is cut"
    told = command("recover", run).out
    assert "to the last committed tick: tick 79 of 80" in told
    assert "nothing shows that any of it was acknowledged" in " ".join(told.split())
    assert "complete" in command("recover", run, "--continue").out
    assert json.loads(command("recover", run, "--json").out)["complete"]


def test_damage_is_one_line_with_the_way_on(command: Command, run: Path) -> None:
    segment = run / "log" / "00000001.wal"
    data = bytearray(segment.read_bytes())
    data[-1_000] ^= 1  # in the record of a tick
    (run / "log" / "00000002.wal").write_bytes(b"")
    segment.write_bytes(data)
    said = command.fails(1, "recover", run)
    assert said.startswith(f"{segment} is damaged at byte")
    assert f"to go on without them: qtg recover {run} --until" in said


def test_a_run_without_a_log_says_so(command: Command, tmp_path: Path) -> None:
    assert "has no log that can be read" in command.fails(1, "recover", tmp_path)
