"""A run with orders, news and regimes from outside is made again from its tape alone."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import qtg
from qtg.errors import ConfigError, ReplayError, StorageError
from qtg.inputs import Input, InputKind
from qtg.simulation import Simulation
from qtg.tape import TapeReader, TapeWriter, replay_tape
from qtg.tape.layout import Mark, Withdrawn
from tests.simulation.small import lively, quiet, start
from tests.tape.runs import NEWS, TICKS, meddle, plain_hash, taped, with_guest

ORDER = {"agent": [2], "price": [1_000_000], "qty": [1]}


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A tape of a meddled run, and its trace hash."""
    path = tmp_path_factory.mktemp("tapes") / "run.rpl"
    return path, taped(path, events=True, guest=True)


def test_a_replay_gives_the_same_trace(tape: tuple[Path, str]) -> None:
    path, trace = tape
    assert trace != plain_hash(), "what came from outside must matter"
    sim = replay_tape(path)
    assert (sim.tick, sim.trace_hash) == (TICKS, trace)


def test_a_replay_gives_the_same_trace_on_two_threads(tape: tuple[Path, str]) -> None:
    assert replay_tape(tape[0], threads=2).trace_hash == tape[1]


@pytest.mark.compiled
def test_a_replay_gives_the_same_trace_in_another_process(tape: tuple[Path, str]) -> None:
    script = f"import qtg; print(qtg.replay_tape({str(tape[0])!r}, threads=2).trace_hash)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.strip() == tape[1]


def test_all_kinds_of_inputs_were_on_it(tape: tuple[Path, str]) -> None:
    inputs = [each.what for each in TapeReader(tape[0]) if isinstance(each.what, Input)]
    assert {each.kind for each in inputs} == set(InputKind)
    assert [each.sequence for each in inputs] == list(range(1, len(inputs) + 1))


def test_simulate_writes_a_tape(tmp_path: Path) -> None:
    config = lively(ticks=10)
    run = qtg.simulate(config, progress=False, tape=tmp_path / "a.rpl", tape_events=True)
    assert run.trace_hash == qtg.simulate(config, progress=False).trace_hash
    reader = TapeReader(tmp_path / "a.rpl")
    assert reader.replay().trace_hash == run.trace_hash
    assert reader.ended
    assert reader.cut is None


def test_a_replay_stops_where_it_is_told(tape: tuple[Path, str]) -> None:
    seen: list[int] = []
    sim = replay_tape(tape[0], start=5, until=8, on_tick=lambda sim: seen.append(sim.tick))
    assert seen == [5, 6, 7, 8]
    straight = start(lively(with_guest()))
    straight.open_account(int(straight.agents("guest")[0]), 5_000)
    meddle(straight, 8)
    assert sim.trace_hash == straight.trace_hash


def test_a_replay_does_not_go_faster_than_its_rate(
    tape: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=5.0)
    clock.monotonic = lambda: clock.now
    clock.sleep = lambda seconds: setattr(clock, "now", clock.now + seconds)
    monkeypatch.setattr("qtg.tape.replaying.time", clock)
    seen: list[float] = []
    replay_tape(tape[0], start=3, until=12, rate=2, on_tick=lambda _: seen.append(clock.now))
    assert seen == [5.0 + 0.5 * tick for tick in range(10)]


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"until": TICKS + 1}, f"ends after tick {TICKS}"),
        ({"start": 9, "until": 8}, "9 to 8 cannot be replayed"),
        ({"start": -1}, "cannot be replayed"),
        ({"rate": 0}, "more than 0"),
    ],
)
def test_wrong_wishes_are_refused(tape: tuple[Path, str], how: dict, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        replay_tape(tape[0], **how)


def test_the_first_tick_that_differs_is_named(
    tape: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Simulation.step

    def another_program(self: Simulation) -> Simulation:
        if self.tick == 20:
            self.publisher.trace[0] ^= 1
        return step(self)

    monkeypatch.setattr(Simulation, "step", another_program)
    with pytest.raises(ReplayError, match="in tick 21") as caught:
        replay_tape(tape[0])
    assert caught.value.tick == 21
    assert caught.value.expected != caught.value.found


def test_inputs_that_wait_at_the_end_wait_after_the_replay(tmp_path: Path) -> None:
    sim = start(quiet())
    with TapeWriter.attach(sim, tmp_path / "a.rpl"):
        sim.step().submit(ORDER)
    again = replay_tape(tmp_path / "a.rpl")
    assert again.inputs.sequence == 1
    assert again.step().trace_hash == sim.step().trace_hash
    assert sim.exchange.n_events == 1


def test_inputs_from_a_hook_before_the_tape_belong_to_the_next_tick(tmp_path: Path) -> None:
    sim = start(quiet())
    sim.add_hook(lambda sim: sim.submit(ORDER))
    with TapeWriter.attach(sim, tmp_path / "a.rpl"):
        sim.run(5)
    assert replay_tape(tmp_path / "a.rpl").trace_hash == sim.trace_hash


def test_an_input_that_somebody_else_refuses_is_withdrawn(tmp_path: Path) -> None:
    sim = start(quiet())

    def refuse(_: object) -> None:
        raise qtg.QtgError("full")

    with TapeWriter.attach(sim, tmp_path / "a.rpl"):
        sim.submit(ORDER)
        sim.step()
        sim.inputs.taps.append(refuse)
        for _ in range(2):
            with pytest.raises(qtg.QtgError, match="full"):
                sim.submit(ORDER)
        sim.step()
        sim.inputs.taps.remove(refuse)
        sim.submit(ORDER)
        sim.step()
    reader = TapeReader(tmp_path / "a.rpl")
    withdrawn = [each.what for each in reader if isinstance(each.what, Withdrawn)]
    assert withdrawn == [Withdrawn(2), Withdrawn(2)]
    assert reader.replay().trace_hash == sim.trace_hash


def test_a_batch_of_environments_has_one_hash_each(tmp_path: Path) -> None:
    sim = start(lively(), envs=(3, 5))
    with TapeWriter.attach(sim, tmp_path / "a.rpl"):
        sim.run(12)
    marks = [each.what for each in TapeReader(tmp_path / "a.rpl") if isinstance(each.what, Mark)]
    assert [f"{each:016x}" for each in marks[-1].hashes] == sim.trace_hashes
    assert replay_tape(tmp_path / "a.rpl").trace_hashes == sim.trace_hashes


def test_a_tape_that_starts_later_needs_the_simulation_of_then(tmp_path: Path) -> None:
    sim, twin = start(lively(NEWS)), start(lively(NEWS))
    for each in (sim, twin):
        meddle(each, 10)
    with TapeWriter.attach(sim, tmp_path / "late.rpl"):
        meddle(sim, 10, seed=2)
    with pytest.raises(StorageError, match="starts after tick 10"):
        replay_tape(tmp_path / "late.rpl")
    with pytest.raises(StorageError, match="tick 10 there, 0 here"):
        replay_tape(tmp_path / "late.rpl", sim=start(lively(NEWS)))
    assert replay_tape(tmp_path / "late.rpl", sim=twin).trace_hash == sim.trace_hash


def test_a_tape_takes_no_part_in_the_run_after_it_is_closed(tmp_path: Path) -> None:
    sim = start(quiet())
    tape = TapeWriter.attach(sim, tmp_path / "a.rpl")
    sim.step()
    tape.close()
    tape.close()
    assert (sim.inputs.taps, sim.hooks) == ([], [])
    assert tape.nbytes == (tmp_path / "a.rpl").stat().st_size


def test_a_tape_is_not_overwritten_by_chance(tmp_path: Path) -> None:
    (tmp_path / "a.rpl").write_text("precious")
    with pytest.raises(StorageError, match="exists"):
        TapeWriter.attach(start(quiet()), tmp_path / "a.rpl")
    with pytest.raises(StorageError, match="no tape can be written"):
        TapeWriter.attach(start(quiet()), tmp_path / "nowhere" / "a.rpl")
    assert (tmp_path / "a.rpl").read_text() == "precious"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("there.rpl", "there.rpl exists; choose another place"),
        ("nowhere/a.rpl", "no tape can be written to .*No such file"),
        ("folder", "exists; choose another place"),
        ("run", "is to be the run directory"),
    ],
)
def test_a_tape_that_cannot_be_written_leaves_nothing_behind(
    tmp_path: Path, place: str, says: str
) -> None:
    (tmp_path / "there.rpl").write_bytes(b"an earlier one")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match=says):
        qtg.simulate(lively(ticks=5), tmp_path / "run", progress=False, tape=tmp_path / place)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "there.rpl"]
    assert (tmp_path / "there.rpl").read_bytes() == b"an earlier one"


def test_a_tape_that_cannot_be_written_leaves_an_earlier_run_as_it_is(tmp_path: Path) -> None:
    run = qtg.simulate(lively(ticks=5), tmp_path / "run", progress=False)
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="no tape can be written"):
        qtg.simulate(
            lively(ticks=6),
            tmp_path / "run",
            overwrite=True,
            progress=False,
            tape=tmp_path / "folder",
        )
    assert qtg.open_run(tmp_path / "run").trace_hash == run.trace_hash


def test_a_tape_may_lie_in_the_run_directory(tmp_path: Path) -> None:
    for _ in range(2):
        tape = tmp_path / "run" / "run.rpl"
        run = qtg.simulate(lively(ticks=5), tape.parent, overwrite=True, progress=False, tape=tape)
        assert TapeReader(tape).replay().trace_hash == run.trace_hash


def test_a_refused_run_directory_leaves_no_tape(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "letter").touch()
    with pytest.raises(StorageError, match="not a qtg run"):
        qtg.simulate(lively(ticks=5), tmp_path / "run", progress=False, tape=tmp_path / "a.rpl")
    assert not (tmp_path / "a.rpl").exists()


def test_a_disk_that_is_full_at_once_is_told_at_once() -> None:
    sim = start(quiet())
    with pytest.raises(StorageError, match="cannot go on: No space"):
        TapeWriter.attach(sim, "/dev/full", overwrite=True)
    assert (sim.inputs.taps, sim.hooks) == ([], [])


def test_a_full_disk_stops_the_tape_and_the_inputs(tmp_path: Path) -> None:
    sim = start(quiet())
    tape = TapeWriter.attach(sim, tmp_path / "a.rpl")
    sim.step()
    sim.submit(ORDER)

    def fail(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    tape._frames.append = fail  # type: ignore[method-assign]
    with pytest.raises(StorageError, match="cannot go on: No space"):
        sim.submit(ORDER)
    del tape._frames.append
    with pytest.raises(StorageError, match="cannot go on: No space"):
        sim.submit(ORDER)
    assert sim.inputs.sequence == 1
    tape.close()
    again = replay_tape(tmp_path / "a.rpl")
    assert (again.tick, again.inputs.sequence) == (1, 1)


def test_events_need_one_environment_and_a_tape() -> None:
    with pytest.raises(ConfigError, match="one environment"):
        TapeWriter.attach(start(lively(), envs=(0, 1)), "x.rpl", events=True)
    with pytest.raises(ConfigError, match="needs a tape"):
        qtg.simulate(lively(), tape_events=True)
