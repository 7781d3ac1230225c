"""A run that was killed is as it was, and goes on as if nothing had happened."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import qtg
from qtg.errors import ConfigError, CorruptData, OrderError, ReplayError, StorageError
from qtg.recovery import LogTape, recover
from qtg.simulation import Simulation
from qtg.tape.header import read_header
from qtg.wal.disk import RealDisk
from qtg.wal.format import RecordKind, segment_numbers
from qtg.wal.reading import read_log

from .runs import crashed, drive, finished, lively, logged, orders, undisturbed

pytestmark = pytest.mark.compiled


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Simulation]:
    """A run that was killed after tick 50, with snapshots of ticks 20 and 40."""
    place = tmp_path_factory.mktemp("killed") / "run"
    return place, crashed(lively(), place, 50, unwritten=3)


@pytest.fixture
def run(killed: tuple[Path, Simulation], tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(killed[0], tmp_path / "run")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> qtg.Result:
    """The same run, from start to end."""
    return undisturbed(lively(), tmp_path_factory.mktemp("whole") / "run")


def timeless(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(name for name in frame.columns if not name.endswith("_ns"))


def same(run: qtg.Result, whole: qtg.Result) -> None:
    """Hash and all rows of all tables, each once."""
    assert run.status == "complete"
    assert run.trace_hash == whole.trace_hash
    assert run.tables == whole.tables
    for name in whole.tables:
        assert timeless(run.table(name)).equals(timeless(whole.table(name))), name


def snapshots(run: Path) -> list[str]:
    return sorted(path.name for path in (run / "snapshots").iterdir())


def test_it_is_recovered_to_its_last_committed_tick(
    run: Path, killed: tuple[Path, Simulation]
) -> None:
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    with recover(run) as found:
        assert (found.sim.tick, found.sim.trace_hash) == (50, killed[1].trace_hash)
        assert found.report.snapshot == 40
        assert found.report.replayed == 10
        assert found.report.inputs == 100
        assert found.report.torn is None
        assert not found.report.complete
    after = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert after == before, "reading changes nothing"


def test_it_goes_on_as_if_nothing_had_happened(run: Path, whole: qtg.Result) -> None:
    same(finished(run), whole)
    assert recover(run).report.complete


def test_it_can_be_killed_again_and_again(run: Path, whole: qtg.Result) -> None:
    for ticks in (3, 0, 2):
        found = recover(run, resume=True)
        drive(found.sim, ticks, found.sim.inputs.waiting)
        assert found.log is not None
        found.log.commit()
        copy = shutil.copytree(run, run.with_name(f"after-{found.sim.tick}-{ticks}"))
        found.close()
        run = copy
    same(finished(run), whole)


def test_inputs_that_wait_for_the_next_tick_are_there(tmp_path: Path, whole: qtg.Result) -> None:
    with logged(lively(), tmp_path / "alive") as (sim, log):
        drive(sim, 45)
        sim.submit(orders(sim))
        log.commit()
        assert (log.acknowledged, log.committed) == (91, 45)
        sim.set_regime("crisis")
        assert log.acknowledged == 91
        shutil.copytree(tmp_path / "alive", tmp_path / "run")
    with recover(tmp_path / "run") as found:
        assert (found.report.tick, found.report.inputs, found.report.waiting) == (45, 91, 1)
    same(finished(tmp_path / "run"), whole)


def test_numbers_are_never_given_twice(run: Path) -> None:
    result = finished(run)
    contents = read_log(RealDisk(run))
    assert contents is not None
    sequences = [record.sequence for record in contents.records]
    assert sequences == list(range(sequences[0], sequences[-1] + 1))
    trades = result.trades["trade_id"].to_list()
    assert trades == list(range(1, len(trades) + 1))
    events = result.orders["sequence"]
    assert events.is_sorted()
    assert events.n_unique() == result.orders.height == events.max() - events.min() + 1  # type: ignore[operator]
    new = result.orders.filter(pl.col("exec_type") == "new")["order_id"]
    assert new.n_unique() == new.len()


def test_a_record_that_cannot_stand_there_is_told_with_its_place(run: Path) -> None:
    contents = read_log(RealDisk(run))
    assert contents is not None
    first = contents.records[0]
    header = read_header(first.payload, first.segment, first.offset)
    record = next(each for each in contents.records if each.kind == RecordKind.TICK)
    tape = LogTape(run, header, [record, record])
    with pytest.raises(CorruptData) as caught:
        list(tape)
    assert Path(caught.value.file) == run / record.segment
    assert Path(caught.value.file).exists()
    assert (caught.value.offset, caught.value.sequence) == (record.offset, record.sequence)


def test_a_damaged_snapshot_is_passed_over(run: Path, whole: qtg.Result) -> None:
    path = run / "snapshots" / "40.snap"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with recover(run) as found:
        report = found.report
    assert (report.snapshot, report.tick, report.replayed) == (20, 50, 30)
    [(tick, why)] = report.skipped
    assert tick == 40
    assert "is damaged at byte" in why
    assert dict(report.lines())["not used"].startswith("the snapshot of tick 40: ")
    same(finished(run), whole)


def test_without_any_snapshot_it_starts_from_the_start(tmp_path: Path, whole: qtg.Result) -> None:
    config = lively(**{"durability.keep_snapshots": 9})
    crashed(config, tmp_path / "run", 50)
    shutil.rmtree(tmp_path / "run" / "snapshots")
    with recover(tmp_path / "run") as found:
        assert (found.report.snapshot, found.report.replayed) == (None, 50)
        assert len(found.report.skipped) == 2
    assert finished(tmp_path / "run").trace_hash == whole.trace_hash


def test_without_any_snapshot_and_start_nothing_can_be_done(run: Path) -> None:
    shutil.rmtree(run / "snapshots")
    with pytest.raises(StorageError, match=r"no snapshot that can be used: .*20.snap|40.snap"):
        recover(run)


def test_a_missing_part_of_a_table_is_made_again(run: Path, whole: qtg.Result) -> None:
    """From the snapshot before it."""
    parts = sorted((run / "trades").glob("*.parquet"))
    parts[-1].unlink()
    assert recover(run).report.snapshot == 40  # for reading, tables do not matter
    with recover(run, resume=True) as found:
        assert found.report.snapshot == 20
    same(finished(run), whole)


def test_a_cut_end_is_dropped_and_told(run: Path) -> None:
    (run / "log" / "durable").unlink()
    path = max((run / "log").glob("*.wal"))
    path.write_bytes(path.read_bytes()[:-5])
    with recover(run) as found:
        assert found.sim.tick == 49
        assert found.report.inputs == 100
        assert found.report.waiting == 2
        assert found.report.torn is not None
        told = dict(found.report.lines())
    assert told["recovered"].startswith("to the last committed tick: tick 49 of 65")
    assert "is not whole (a record is cut)" in told["dropped"]


def test_the_same_with_the_mark_has_lost_what_was_acknowledged(run: Path) -> None:
    path = max((run / "log").glob("*.wal"))
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(CorruptData, match=r"acknowledged; .*: qtg recover \S+ --until") as damage:
        recover(run)
    assert damage.value.sequence is not None
    until = damage.value.sequence - 1
    with recover(run, until=until) as found:
        assert found.sim.tick == 49
    with recover(run, until=until, resume=True):
        pass
    assert recover(run).sim.tick == 49, "what was left out is gone for good"


def test_going_on_from_an_earlier_record(run: Path) -> None:
    contents = read_log(RealDisk(run))
    assert contents is not None
    ticks = [r.sequence for r in contents.records if r.kind == RecordKind.TICK]
    with recover(run, until=ticks[-15], resume=True) as found:
        assert found.sim.tick == 36
        assert found.report.snapshot == 20
        assert found.report.left_out > 0
    assert snapshots(run) == ["20.snap"]
    assert recover(run).sim.tick == 36
    with pytest.raises(ConfigError, match="no record 100000 can be read in this log"):
        recover(run, until=100_000)


def test_another_market_than_the_log_says_is_told(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Simulation.step

    def other(sim: Simulation) -> Simulation:
        if sim.tick == 44:
            sim.publisher.trace[0] += np.uint64(1)
        return step(sim)

    monkeypatch.setattr(Simulation, "step", other)
    with pytest.raises(ReplayError, match="tick 45"):
        recover(run)


def test_a_refused_input_leaves_no_trace(tmp_path: Path) -> None:
    def refuse(new: object) -> None:
        raise OrderError("not today")

    with logged(lively(), tmp_path / "alive") as (sim, log):
        drive(sim, 3)
        sim.inputs.taps.append(refuse)
        with pytest.raises(OrderError, match="not today"):
            sim.set_regime("crisis")
        sim.inputs.taps.remove(refuse)
        sim.set_regime("calm")
        sim.step()
        log.commit()
        shutil.copytree(tmp_path / "alive", tmp_path / "run")
        expected = sim.trace_hash
    assert recover(tmp_path / "run").sim.trace_hash == expected


def test_the_log_is_kept_short(run: Path) -> None:
    """Two snapshots, and the log from the older one on."""
    finished(run)
    assert snapshots(run) == ["40.snap", "60.snap"]
    contents = read_log(RealDisk(run))
    assert contents is not None
    assert contents.records[0].sequence > 1
    names = [r for r in contents.records if r.kind == RecordKind.SNAPSHOT]
    assert len(names) >= 2
    assert segment_numbers(RealDisk(run).names("log"))[0] > 1


def test_a_new_run_in_the_same_place_removes_the_log(run: Path) -> None:
    qtg.simulate(lively(**{"durability.log": False, "ticks": 5}), run, overwrite=True)
    with pytest.raises(StorageError, match="has no log that can be read"):
        recover(run)
    assert not (run / "snapshots").exists()


def test_one_at_a_time_goes_on_with_it(run: Path, whole: qtg.Result) -> None:
    script = (
        "import sys; from qtg.recovery import recover; found = recover(sys.argv[1], resume=True);"
        "print('ready', flush=True); sys.stdin.read()"
    )
    files = [sys.executable, "-c", script, str(run)]
    with subprocess.Popen(files, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"ready\n"
        says = rf"{run} is being written by process {other.pid}; wait"
        with pytest.raises(StorageError, match=says):
            recover(run, resume=True)
        with pytest.raises(StorageError, match=says):
            qtg.simulate(lively(), run, overwrite=True, progress=False)
        assert recover(run).sim.tick == 50, "looking is free"
        other.kill()
    same(finished(run), whole)


def test_the_log_holds_the_run_until_it_says_that_it_ended(tmp_path: Path) -> None:
    with logged(lively(), tmp_path / "run") as (sim, log):
        drive(sim, 3)
        log._sink.fail("its tables are closed first")
        with pytest.raises(StorageError, match="is being written by process"):
            recover(tmp_path / "run", resume=True)
    recover(tmp_path / "run", resume=True).close()
    assert not (tmp_path / "run" / "run.lock").exists()


def test_a_refused_recovery_gives_the_run_back(run: Path) -> None:
    for _ in range(2):
        with pytest.raises(ConfigError, match="no record 10000"):
            recover(run, resume=True, until=10_000)
    with recover(run, resume=True) as found:
        assert found.sim.tick == 50


def test_a_log_needs_a_run_directory() -> None:
    with pytest.raises(ConfigError, match="a log needs a run directory"):
        qtg.simulate(lively())


def test_simulate_keeps_a_log(tmp_path: Path) -> None:
    result = qtg.simulate(lively(ticks=20), tmp_path / "run")
    report = qtg.recover(tmp_path / "run").report
    assert report.complete
    assert report.trace_hash == result.trace_hash
    assert qtg.recover(tmp_path / "run", resume=True).finish().trace_hash == result.trace_hash


def test_a_failing_disk_ends_the_run_and_what_was_safe_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(handle: int) -> None:
        raise OSError(5, "Input/output error")

    with logged(lively(), tmp_path / "run") as (sim, log):
        drive(sim, 30)
        log.commit()
        committed = log.committed
        drive(sim, 2)
        monkeypatch.setattr("qtg.wal.disk.os.fsync", fail)
        with pytest.raises(StorageError, match="the log cannot be written"):
            log.commit()
        assert log.committed == committed
        with pytest.raises(StorageError, match="the log cannot be written"):
            drive(sim, 1)
        monkeypatch.undo()
    assert recover(tmp_path / "run").sim.tick >= committed


def test_a_run_whose_agents_cannot_be_kept_goes_on_without_snapshots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from qtg.errors import SnapshotError

    def refuse(sim: Simulation) -> None:
        raise SnapshotError("an agent keeps what no snapshot can")

    monkeypatch.setattr("qtg.wal.run_log.capture", refuse)
    twin = crashed(lively(), tmp_path / "run", 50)
    assert "no snapshots are taken" in caplog.text
    with recover(tmp_path / "run") as found:
        assert found.report.snapshot is None
        assert found.sim.trace_hash == twin.trace_hash


def test_kills_lose_nothing() -> None:
    """The short form of `make kill-campaign`."""
    command = [sys.executable, "-m", "tests.wal.kill_campaign", "--kills", "10", "--seed", "1"]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no acknowledged input" in done.stdout
