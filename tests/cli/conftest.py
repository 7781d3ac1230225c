"""A command, and a small run that all tests look at."""

import os
from pathlib import Path

import pytest

import qtg
from tests.simulation.small import lively

from .command import Command


@pytest.fixture
def command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Command:
    """The `qtg` command, in an empty folder, on a wide terminal, without `QTG_` variables."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for name in os.environ:
        if name.startswith("QTG_"):
            monkeypatch.delenv(name)
    return Command(capsys)


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run directory of a small run."""
    place = tmp_path_factory.mktemp("small") / "run"
    qtg.simulate(lively({"storage.orders": True}), place, progress=False)
    return place
