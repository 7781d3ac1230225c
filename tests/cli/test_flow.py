"""`qtg flow` and `qtg trace`."""

import json
from pathlib import Path

import pytest

import qtg

from .command import Command

pytestmark = pytest.mark.compiled


def test_flow_of_a_run_is_a_table_or_json(command: Command, tmp_path: Path) -> None:
    changes = {"background.schedule": [{"tick": 30, "regime": "cancel_storm"}], "warmup.ticks": 5}
    run = qtg.simulate(qtg.Config.preset("quick_test", changes, ticks=60), tmp_path / "run")
    answer = command("flow", str(tmp_path / "run"))
    assert answer.code == 0
    assert "cancel_rate" in answer.out
    assert "cancel_storm" in answer.out
    rows = json.loads(command("flow", str(tmp_path / "run"), "--json").out)
    assert [row["regime"] for row in rows] == ["normal", "cancel_storm"]
    assert sum(row["events"] for row in rows) == run.metrics["events"].sum()


def test_a_trace_is_made_again(command: Command, tmp_path: Path) -> None:
    answer = command("trace", "calm", "--out", str(tmp_path), "--json")
    assert answer.code == 0
    golden = Path(__file__).parents[1] / "golden" / "trace_calm.json"
    assert json.loads(answer.out) == {"calm": json.loads(golden.read_text())}
    assert (
        qtg.open_run(tmp_path / "calm").trace_hash == json.loads(golden.read_text())["trace_hash"]
    )
    again = command("trace", "calm", "--out", str(tmp_path))
    assert (again.code, "--overwrite" in again.err) == (1, True)


def test_an_unknown_trace_is_a_wrong_call(command: Command) -> None:
    answer = command("trace", "storm")
    assert (answer.code, answer.out) == (2, "")
    assert "no trace 'storm'; traces are calm, burst, cancel_storm" in answer.err
