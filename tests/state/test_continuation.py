"""A run that goes on from a snapshot is the run that was not interrupted."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qtg
from qtg.simulation import Simulation
from qtg.state import capture

from .graph import differences
from .markets import MARKETS, own

pytestmark = pytest.mark.compiled


def restored(sim: Simulation, path: Path, **options: Any) -> Simulation:
    assert sim.snapshot(path) == path.stat().st_size
    return Simulation.restore(path, **options)


@pytest.mark.parametrize("name", MARKETS)
def test_everything_is_as_it_was(name: str, tmp_path: Path) -> None:
    sim = Simulation(MARKETS[name]())
    for ticks in (0, 1, 13, 25):
        sim.run(ticks)
        again = restored(sim, tmp_path / "s")
        assert differences(sim, again) == []
    sim.run(20)
    again.run(20)
    assert differences(sim, again) == []
    assert again.trace_hash == Simulation(sim.config).run(sim.tick).trace_hash


@given(
    name=st.sampled_from(sorted(MARKETS)),
    ticks=st.integers(0, 70),
    more=st.integers(1, 25),
    threads=st.integers(1, 3),
    envs=st.sampled_from([(0,), (3,), (0, 1), (5, 2, 9)]),
)
@settings(max_examples=20)
def test_any_market_goes_on_at_any_tick(
    name: str, ticks: int, more: int, threads: int, envs: tuple[int, ...], tmp_path_factory: Any
) -> None:
    path = tmp_path_factory.mktemp("snapshots") / "s"
    sim = Simulation(MARKETS[name](), envs=envs).run(ticks)
    again = restored(sim, path, threads=threads)
    assert differences(sim, again) == []
    assert again.run(more).trace_hashes == sim.run(more).trace_hashes
    # When lists of expiries grow depends on the threads, and so do places in them.
    assert differences(sim, again) == [] or again.exchange.venue.threads > 1


def test_taking_a_snapshot_changes_nothing(tmp_path: Path) -> None:
    plain, taken = Simulation(own()), Simulation(own())
    for _ in range(30):
        plain.step()
        taken.step().snapshot(tmp_path / "s")
    assert differences(plain, taken) == []


def test_what_waits_for_the_next_tick_is_kept(tmp_path: Path) -> None:
    config = MARKETS["moving"]()
    straight = Simulation(config).run(20)
    straight.submit(
        {"agent": [4, 5], "market": [0, 1], "price": [2_000_000, 900_000], "qty": [7, 3]}
    )
    straight.inject_news("macro", surprise=0.01, sentiment=-0.4, duration=7)
    straight.set_regime("crisis")
    again = restored(straight, tmp_path / "s")
    assert differences(straight, again) == []
    assert again.run(1).exchange.n_events == straight.run(1).exchange.n_events
    assert again.trace_hash == straight.trace_hash
    assert again.trace_hash != Simulation(config).run(21).trace_hash
    assert again.inputs.sequence == 3


def test_another_process_goes_on_alike(tmp_path: Path) -> None:
    path = tmp_path / "s"
    sim = Simulation(own(), envs=(4, 1)).run(30)
    sim.snapshot(path)
    script = (
        "import sys; import tests.state.strategies; from qtg.simulation import Simulation;"
        "print(*Simulation.restore(sys.argv[1], threads=2).run(25).trace_hashes)"
    )
    command = [sys.executable, "-c", script, str(path)]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert found == sim.run(25).trace_hashes


def test_a_benched_population_stays_benched(tmp_path: Path) -> None:
    @qtg.strategy("snap_fails")
    def fail(ctx: qtg.StrategyContext) -> Any:
        if ctx.tick == 15 and ctx.env == 0:
            raise ValueError("no")
        return ctx.orders(0, 0, side=1, qty=1, price=ctx.mid[0] * 0.9)

    mine = {"kind": "snap_fails", "count": 1, "cash": 900_000, "on_error": "bench"}
    sim = Simulation(own({"smart": [mine]}), envs=(0, 1))
    with pytest.warns(qtg.StrategyWarning):
        sim.run(15)
    again = restored(sim, tmp_path / "s")
    assert again.benched == sim.benched
    assert [each.env for each in again.benched] == [0]
    assert again.run(10).trace_hashes == sim.run(10).trace_hashes
    assert differences(sim, again) == []


def test_a_hook_can_take_a_snapshot(tmp_path: Path) -> None:
    sim = Simulation(MARKETS["lively"]())
    sim.add_hook(lambda sim: sim.snapshot(tmp_path / str(sim.tick)))
    sim.run(12)
    assert Simulation.restore(tmp_path / "7").run(5).trace_hash == sim.trace_hash


def test_there_is_no_snapshot_of_half_a_tick(tmp_path: Path) -> None:
    @qtg.strategy("snap_breaks")
    def fail(ctx: qtg.StrategyContext) -> Any:
        raise ValueError("no")

    sim = Simulation(own({"smart": [{"kind": "snap_breaks", "count": 1}]})).run(10)
    with pytest.raises(qtg.StrategyError):
        sim.step()
    with pytest.raises(qtg.SnapshotError, match="tick 11 is not over"):
        sim.snapshot(tmp_path / "s")


def test_a_kept_snapshot_does_not_go_on_with_the_run() -> None:
    sim = Simulation(own()).run(20)
    kept = capture(sim).kept()
    later = sim.run(20).trace_hash
    again = Simulation.restore(kept)
    assert again.tick == 20
    assert again.run(20).trace_hash == later
    assert differences(sim, again) == []
    assert Simulation.restore(kept).run(20).trace_hash == later  # a second time


def test_tables_go_on_where_they_stopped(tmp_path: Path) -> None:
    """Trades are numbered, and candles are closed, as in a run that was not interrupted."""
    from qtg.result import result_of
    from qtg.run import open_sink

    config = MARKETS["moving"]()
    run = qtg.simulate(config, progress=False)

    def tables(sim: Simulation, sink: Any, last: int) -> qtg.Result:
        sim.run(last - sim.tick)
        sim.publisher.finish(sim)
        sink.close(trace_hash=sim.trace_hash, ticks=sim.tick)
        return result_of(sink)

    first = Simulation(config)
    first.publisher.attach(first, open_sink(config, None))
    first.run(33).snapshot(tmp_path / "s")
    sink = open_sink(config, None)
    second = Simulation.restore(tmp_path / "s", sink)
    rest = tables(second, sink, second.last_tick)
    for name in ("trades", "news", "candles"):
        whole = getattr(run, name)
        later = getattr(rest, name)
        assert later.height
        assert later.equals(whole.tail(later.height))
