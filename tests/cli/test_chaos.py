"""`qtg chaos`."""

import json
from pathlib import Path

import pytest

from .command import Command

pytestmark = pytest.mark.compiled


def test_a_violation_ends_the_command_with_seed_and_tick(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("qtg.chaos.checks.same_market", lambda sim, twin: "another market")
    answer = command("chaos", "gentle", "--seed", 4, "--ticks", 3, "--out", tmp_path, "--json")
    assert answer.code == 1
    told = json.loads(answer.out)
    assert told["violations"] == [{"seed": 4, "tick": 1, "what": "another market"}]
    assert json.loads((tmp_path / "summary.json").read_text()) == told
    assert "seed 4, tick 1: another market; again with: qtg chaos gentle" in answer.err
    assert (tmp_path / "round-4" / "run.json").exists(), "the run that shows it is kept"


def test_wrong_calls_are_one_sentence(command: Command, tmp_path: Path) -> None:
    assert "no chaos profile 'storm'" in command.fails(2, "chaos", "storm")
    assert "seed must be" in command.fails(2, "chaos", "gentle", "--seed", -1)
    assert "ticks must be" in command.fails(2, "chaos", "gentle", "--ticks", 0)
    assert "no such file" in command.fails(2, "chaos", tmp_path / "no.toml")
