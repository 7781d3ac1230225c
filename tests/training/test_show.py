"""What a person sees while a learner learns."""

import io
import sys

import pytest

from qtg.training import show
from qtg.training.show import training_progress


def test_lines_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(show, "_SILENCE", 0.0)
    with training_progress("mine", 5_000) as told:
        told("training", 1_000, None)
        told("training", 2_000, -0.25)
        told("evaluation", 2_000, None)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].strip() == "qtg: mine: training, 1,000 of 5,000 steps"
    assert lines[1].startswith("qtg: mine: training, 2,000 of 5,000 steps  ")
    assert lines[1].endswith("steps/s  reward -0.25")
    assert lines[2].startswith("qtg: mine: evaluation, 2,000 of 5,000 steps")


def test_nothing_if_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(show, "_SILENCE", 0.0)
    with training_progress("mine", 5_000, quiet=True) as told:
        told("training", 1_000, None)
    assert capsys.readouterr().err == ""


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "120")
    with training_progress("mine", 5_000) as told:
        told("training", 1_000, None)
        told("training", 5_000, 0.5)
    assert "5000/5000" in terminal.getvalue()
    assert "reward 0.5" in terminal.getvalue()
