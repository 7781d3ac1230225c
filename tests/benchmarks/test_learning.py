"""Learning environments beside a peer's: fair turns, and a peer that is missing is said to be."""

import dataclasses
import sys
from pathlib import Path

import pytest

from benchmarks.learning import __main__ as command
from benchmarks.learning.sides import CROWDBOOK, SIDES, load
from benchmarks.peers import environment
from benchmarks.peers.catalog import OURS
from benchmarks.peers.process import EngineFailed, Worker

pytest.importorskip("gymnasium")


def test_sides_are_there_without_being_installed() -> None:
    assert [load(name).__name__ for name in SIDES] == ["Qtg", "Crowdbook", "EveryCore"]
    assert load("crowdbook-all").__module__.endswith("learning.crowdbook")


@pytest.mark.compiled
@pytest.mark.parametrize("envs", [1, 3])
def test_our_side_steps_and_counts_orders(envs: int) -> None:
    with Worker(Path(sys.executable), "qtg", str(envs), command.MODULE) as worker:
        worker.wait_ready()
        assert worker.once() > 0.0
        assert worker.ask("turn") == (1_000 if envs == 1 else 20)
        assert 15.0 < worker.ask("orders") < 25.0


@pytest.mark.compiled
def test_a_comparison_is_by_background_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    """qtg beside itself: the ratio is about 1; beside a peer whose steps carry less, more."""
    monkeypatch.setitem(SIDES, "qtg-again", SIDES["qtg"]._replace(threads="as made"))
    monkeypatch.setattr(command, "python_for", lambda peer: Path(sys.executable))
    with (
        pytest.raises(EngineFailed),
        Worker(Path(sys.executable), "qtg-again", "2", command.MODULE) as worker,
    ):
        worker.wait_ready()  # another process knows nothing of it
    monkeypatch.setattr(command, "Worker", _Named)
    row = command.compare("qtg-again", 2, repeats=1)
    assert row.problem == ""
    assert row.ratio == pytest.approx(
        row.qtg_rate * row.qtg_orders / (row.rate * row.orders), rel=1e-9
    )  # type: ignore[operator]
    lines = list(command.table([row]))
    assert lines[1].split()[:2] == ["qtg-again", row.version]
    assert len(lines[1]) == len(lines[0])


class _Named(Worker):
    """A worker of qtg, whatever it is called."""

    def __init__(self, python: Path, engine: str, given: Path | str, module: str) -> None:
        super().__init__(python, "qtg", given, module)


def test_a_peer_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(environment, "HOME", tmp_path)
    row = command.compare("crowdbook", 2, repeats=1)
    assert row.problem.startswith("not installed")
    assert "not installed" in list(command.table([row]))[1]
    future = CROWDBOOK._replace(python=(3, 99))
    assert environment.install(future) == "it needs Python 3.99 or later, which is not found here"
    assert environment._base(OURS) == Path(sys.executable)
    monkeypatch.setattr(sys, "argv", ["learning", "--envs", "2", "--repeat", "1", "--json"])
    assert command.main() == 1
    told = capsys.readouterr().out
    assert '"problem": "not installed' in told
    assert dataclasses.asdict(row)["ratio"] is None
    monkeypatch.setattr(sys, "argv", ["learning", "--repeat", "0"])
    with pytest.raises(SystemExit) as refused:
        command.main()
    assert refused.value.code == 2
