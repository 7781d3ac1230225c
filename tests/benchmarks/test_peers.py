"""The comparison with other engines: fair turns, honest answers, missing peers said so."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peers import __main__ as command
from benchmarks.peers import compare, environment
from benchmarks.peers.catalog import OURS, PEERS, Peer, engines_of, find_engine
from benchmarks.peers.engine import Answer, Engine, run
from benchmarks.peers.process import EngineFailed, Worker
from qtg.bench.workloads import Workload, generate

HERE = Path(sys.executable)
N = 2_000


class Forgetful(Engine):
    """Takes no time, loses a trade, cannot count levels."""

    batching = "a nap"
    right: Answer

    def fresh(self) -> Callable[[], object]:
        return lambda: None

    def answer(self) -> Answer:
        return {"trades": self.right["trades"] - 1, "volume": self.right["volume"]}


@pytest.fixture
def workload() -> Workload:
    return generate("W1", N)


@pytest.fixture
def columns(workload: Workload, tmp_path: Path) -> Path:
    path = tmp_path / "columns.npz"
    np.savez(path, **workload.messages._asdict())
    return path


def test_every_issue_named_peer_has_an_engine_without_being_installed() -> None:
    assert [peer.name for peer in PEERS] == ["bourse", "orderly_chaos", "liquibook", "pams"]
    for peer in (OURS, *PEERS):
        for name, engine in engines_of(peer).items():
            assert find_engine(name) == (peer, engine)
            assert engine.batching


def test_an_engine_reports_seconds_for_each_repetition_and_its_answer(workload: Workload) -> None:
    engine_class = engines_of(OURS)["qtg"]
    seconds, answer = run(engine_class(workload.messages._asdict()), repeats=3)
    assert len(seconds) == 3
    assert min(seconds) > 0
    assert answer == workload.answer._asdict()


def test_qtg_in_a_process_of_its_own_answers_rightly(workload: Workload, columns: Path) -> None:
    with Worker(HERE, "qtg", columns) as worker:
        assert worker.wait_ready()
        assert worker.once() > 0
        assert worker.answer() == workload.answer._asdict()
    assert worker.process.poll() is not None, "the process is left behind"


def test_qtg_against_itself_agrees(workload: Workload, columns: Path) -> None:
    row = compare.in_turns(workload, (HERE, "qtg", engines_of(OURS)["qtg"]), columns, repeats=3)
    assert (row.wrong, row.unknown, row.qtg_wrong, row.problem) == ((), (), (), "")
    assert row.messages == N
    assert row.ratio is not None
    assert row.ratio > 0


def test_a_wrong_answer_and_missing_figures_are_named(workload: Workload) -> None:
    Forgetful.right = workload.answer._asdict()
    engine = Forgetful(workload.messages._asdict())
    assert compare.check(workload, engine.answer()) == (
        ("trades",),
        ("notional", "live", "levels"),
    )


def test_an_engine_that_cannot_start_says_why(columns: Path) -> None:
    worker = Worker(HERE, "no such engine", columns)
    with worker, pytest.raises(EngineFailed, match="no such engine"):
        worker.wait_ready()


def test_a_process_that_dies_is_reported(columns: Path) -> None:
    with Worker(HERE, "qtg", columns) as worker:
        worker.wait_ready()
        worker.process.kill()
        with pytest.raises(EngineFailed, match="ended with status -9"):
            worker.once()


def test_a_missing_peer_is_a_row_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "python_for", lambda peer: None)
    chosen = compare.engines(["liquibook"])
    rows = list(compare.compare_all(["W1"], chosen, 1))
    assert [(row.engine, row.rate) for row in rows] == [("liquibook", None)]
    assert "not installed" in rows[0].problem


def test_a_failed_installation_is_reported_and_not_taken_for_a_peer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(environment, "HOME", tmp_path)
    nothing = Peer(
        "nothing", "nothing", "qtg_no_such_module", (str(tmp_path / "no-such-wheel.whl"),)
    )
    assert "no-such-wheel" in environment.install(nothing)
    assert environment.python_for(nothing) is None


def test_peers_are_chosen_by_peer_or_engine_name() -> None:
    by_peer = [name for _, name, _ in compare.engines(["orderly-chaos"])]
    assert by_peer == ["orderly-chaos", "orderly-chaos-loop"]
    assert [name for _, name, _ in compare.engines(["bourse-calls"])] == ["bourse-calls"]
    with pytest.raises(KeyError, match="no peer 'lse'"):
        compare.engines(["lse"])


def test_the_table_reports_wrong_answers_and_missing_peers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = ("1.0", "batch", N, 1e6, 2e7, 20.5, 22.5)
    rows = [
        compare.Row("W1", "one", *figures, wrong=("notional",), unknown=("levels",)),
        compare.Row("W1", "two", *figures, qtg_wrong=("live",)),
        compare.Row("W1", "three", problem="not installed"),
    ]
    monkeypatch.setattr(command, "compare_all", lambda *_: iter(rows))
    monkeypatch.setattr(sys, "argv", ["peers"])
    assert command.main() == 1
    out = " ".join(capsys.readouterr().out.split())
    for text in ("notional differ", "QTG WRONG", "not installed", "20.5", "22.5", "load"):
        assert text in out


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_an_installed_peer_gets_every_figure_that_its_rules_share(
    peer: Peer, workload: Workload, columns: Path
) -> None:
    python = environment.python_for(peer)
    if python is None:
        pytest.skip(f"{peer.distribution} is not installed; python -m benchmarks.peers --install")
    for name, engine in engines_of(peer).items():
        row = compare.in_turns(workload, (python, name, engine), columns, repeats=1)
        assert row.qtg_wrong == ()
        # pams settles all fills of an execution at one price
        assert row.wrong == (("notional",) if peer.name == "pams" else ()), name
