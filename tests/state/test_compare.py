"""`qtg.compare` names what differs first: part, market, agent, and both values."""

import json
from pathlib import Path

import pytest

import qtg
from qtg.simulation import Simulation
from qtg.state import capture

from .markets import MARKETS, own

pytestmark = pytest.mark.compiled


def test_a_fork_is_equal_until_something_differs() -> None:
    sim = Simulation(own(), envs=(0, 3)).run(12)
    child = sim.fork()
    found = qtg.compare(sim, child)
    assert found.equal
    assert found.frame.height == 0
    assert str(found) == f"equal: tick 12, trace {', '.join(sim.trace_hashes)}"
    assert qtg.compare(sim, capture(child)).equal


@pytest.mark.parametrize("env", [0, 1])
def test_one_agents_cash(env: int) -> None:
    sim = Simulation(MARKETS["lively"](), envs=(0, 3)).run(12)
    child = sim.fork()
    cash = child.exchange.ledger.accounts.cash
    row = env * child.exchange.n_agents + 7
    cash[row] += 5
    found = qtg.compare(sim, child)
    assert not found.equal
    assert found.frame.rows() == [
        ("exchange.ledger.accounts.cash", 1, None, 7, str(row), str(cash[row] - 5), str(cash[row]))
    ]
    assert "agent 7" in str(found)


def test_one_markets_best_bid_and_one_position() -> None:
    sim = Simulation(MARKETS["lively"](), envs=(0, 3)).run(12)
    child = sim.fork()
    child.exchange.view.bid[3] += 1
    child.exchange.ledger.positions.qty[child.exchange.n_agents + 4, 0] += 1
    parts = qtg.compare(sim, child).frame.select("part", "market", "agent").rows()
    symbols = child.symbols
    assert parts == [
        ("exchange.view.bid", f"{symbols[1]} in environment 3", None),
        ("exchange.ledger.positions.qty", f"{symbols[0]} in environment 3", 4),
    ]


def test_other_ticks_and_settings() -> None:
    sim = Simulation(MARKETS["lively"]()).run(12)
    child = sim.fork(changes={"ticks": 99})
    assert qtg.compare(sim, child).frame["part"].to_list() == ["config"]
    assert "ticks 12 and 13" in qtg.compare(sim, child.run(1)).text


def test_the_tables_of_runs(tmp_path: Path) -> None:
    config = MARKETS["lively"]()
    run = qtg.simulate(config, out=tmp_path / "a", progress=False)
    assert qtg.compare(run, qtg.simulate(config, progress=False)).equal

    switched = config.with_({"background.schedule": [{"tick": 40, "regime": "crisis"}]})
    other = qtg.simulate(switched, progress=False)
    found = qtg.compare(tmp_path / "a", other)
    assert not found.equal
    first = found.frame.row(0, named=True)
    assert (first["table"], first["tick"]) == ("metrics", 40)
    assert "first at tick 40 in metrics." in str(found)
    trades = found.frame.filter(table="trades").row(0, named=True)
    at = trades["row"]
    assert run.trades[:at].equals(other.trades[:at])
    assert not run.trades[at].equals(other.trades[at])


def test_a_run_is_no_snapshot(tmp_path: Path) -> None:
    config = MARKETS["lively"]()
    qtg.simulate(config.with_(ticks=3), out=tmp_path / "a", progress=False)
    Simulation(config).snapshot(tmp_path / "s")
    with pytest.raises(qtg.StorageError, match="give two of the same"):
        qtg.compare(tmp_path / "a", tmp_path / "s")
    with pytest.raises(qtg.StorageError, match="cannot be read"):
        qtg.compare(tmp_path / "s", tmp_path / "none")


def test_the_command_says_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from qtg.cli import main

    def said(*arguments: object) -> tuple[int, str]:
        with pytest.raises(SystemExit) as caught:
            main(["compare", *map(str, arguments)])
        code = caught.value.code
        return code if isinstance(code, int) else 0, capsys.readouterr().out

    sim = Simulation(MARKETS["lively"]()).run(3)
    sim.snapshot(tmp_path / "a")
    sim.step().snapshot(tmp_path / "b")
    assert said(tmp_path / "a", tmp_path / "a") == (0, f"{qtg.compare(*2 * [tmp_path / 'a'])}\n")
    code, out = said(tmp_path / "a", tmp_path / "b")
    assert code == 1
    assert "publisher.trace" in out
    assert out.endswith(f"{qtg.compare(tmp_path / 'a', tmp_path / 'b').text}\n")
    code, out = said(tmp_path / "a", tmp_path / "b", "--json")
    assert code == 1
    assert {"part", "market", "agent"} <= json.loads(out)[0].keys()
