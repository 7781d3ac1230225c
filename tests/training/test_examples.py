"""The scripts that people start from run, in a short form."""

import runpy
import sys
from pathlib import Path

import pytest

pytest.importorskip("stable_baselines3")

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["ppo", "dqn"])
def test_an_example_runs(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    script = str(EXAMPLES / f"train_{name}.py")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [script, "--steps", "1000", "--envs", "8", "--episodes", "2"])
    runpy.run_path(script, run_name="__main__")
    lines = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert lines[:3] == [name, "random", "hold"]
    assert (tmp_path / "runs" / f"example-{name}" / "model.zip").exists()
