"""The log: records come back in order, are durable when it says so, and never before."""

import errno
import threading
from pathlib import Path

import pytest

from qtg.config.durability import Fsync
from qtg.errors import CorruptData, StorageError
from qtg.wal.disk import RealDisk
from qtg.wal.format import RecordKind, segment_numbers
from qtg.wal.group import GroupCommit
from qtg.wal.log import Log
from qtg.wal.reading import read_log
from qtg.wal.reopening import reopen
from qtg.wal.simulated_disk import SimulatedDisk

from .runs import FINGERPRINT, HEADER, small_log


def content(place: Path) -> list[tuple[int, bytes]]:
    contents = read_log(RealDisk(place))
    assert contents is not None
    return [(r.kind, r.payload) for r in contents.records if r.kind != RecordKind.HEADER]


def segments(place: Path) -> list[int]:
    return segment_numbers(RealDisk(place).names("log"))


def test_records_come_back_over_segments(tmp_path: Path) -> None:
    written = small_log(tmp_path)
    assert segments(tmp_path) == [1, 2, 3]
    assert content(tmp_path) == written
    contents = read_log(RealDisk(tmp_path))
    assert contents is not None
    assert [r.sequence for r in contents.records] == list(range(1, contents.last + 1))
    assert contents.durable == contents.last
    assert contents.torn is None


def test_a_record_is_durable_after_a_sync_and_not_before() -> None:
    log = Log(SimulatedDisk(0), FINGERPRINT, HEADER)
    sequence = log.append(RecordKind.TICK, b"x")
    assert log.durable < sequence
    assert log.waiting
    assert not log.wait(sequence, timeout=0.01)
    assert log.flush() == log.durable == sequence
    assert log.wait(sequence, timeout=0.0)
    assert not log.waiting


@pytest.mark.parametrize(("policy", "durable"), [(Fsync.ALWAYS, 3), (Fsync.OFF, 1)])
def test_policies(policy: Fsync, durable: int) -> None:
    log = Log(SimulatedDisk(0), FINGERPRINT, HEADER, fsync=policy)
    log.append(RecordKind.INPUT, b"a")
    log.append(RecordKind.INPUT, b"b")
    log.flush()
    assert log.durable == durable
    assert log.commit() == 3


def test_a_group_is_made_durable_by_the_thread(tmp_path: Path) -> None:
    log = Log(RealDisk(tmp_path), FINGERPRINT, HEADER)
    with GroupCommit(log, 1):
        assert log.wait(log.append(RecordKind.TICK, b"x"), timeout=30)
    log.close()


def test_many_threads_append_and_each_record_is_there_once(tmp_path: Path) -> None:
    log = Log(RealDisk(tmp_path), FINGERPRINT, HEADER, segment_bytes=2_000)

    def work(thread: int) -> None:
        for number in range(200):
            log.append(RecordKind.TICK, bytes([thread, number]))

    threads = [threading.Thread(target=work, args=(each,)) for each in range(4)]
    with GroupCommit(log, 1):
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    log.close()
    found = [payload for _, payload in content(tmp_path)]
    assert sorted(found) == sorted(bytes([t, n]) for t in range(4) for n in range(200))
    for thread in range(4):
        assert [p[1] for p in found if p[0] == thread] == list(range(200))


@pytest.mark.parametrize(("fault", "number"), [("fsync", errno.EIO), ("full", errno.ENOSPC)])
def test_a_failed_write_ends_the_log_and_acknowledges_nothing(fault: str, number: int) -> None:
    disk = SimulatedDisk(0)
    log = Log(disk, FINGERPRINT, HEADER)
    log.append(RecordKind.TICK, b"x")
    disk.faults[fault] = 1.0
    with pytest.raises(StorageError, match=r"the log cannot be written: .*qtg recover"):
        log.flush()
    disk.faults.clear()
    assert log.durable == 1
    for again in (log.flush, log.commit, lambda: log.append(RecordKind.TICK, b"y")):
        with pytest.raises(StorageError, match="the log cannot be written"):
            again()
    with pytest.raises(StorageError, match="the log cannot be written"):
        log.wait(2)
    log.close()
    assert log.durable == 1


def test_a_real_full_disk_ends_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(RealDisk(tmp_path), FINGERPRINT, HEADER)
    log.append(RecordKind.TICK, b"x" * 1_000)
    monkeypatch.setattr("os.write", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    with pytest.raises(StorageError, match="the log cannot be written: full"):
        log.flush()


def test_old_segments_are_removed_and_the_rest_is_read(tmp_path: Path) -> None:
    log = Log(RealDisk(tmp_path), FINGERPRINT, HEADER, segment_bytes=100)
    for number in range(20):
        log.append(RecordKind.TICK, bytes([number]) * 30)
        log.flush()
    gone = log.compact(keep=15)
    assert gone
    log.close()
    contents = read_log(RealDisk(tmp_path))
    assert contents is not None
    assert 2 < contents.records[0].sequence <= 15
    ticks = [r.payload for r in contents.records if r.kind == RecordKind.TICK]
    assert ticks == [bytes([number]) * 30 for number in range(20 - len(ticks), 20)]


def test_numbers_go_on_after_reopening_and_none_is_given_twice(tmp_path: Path) -> None:
    written = small_log(tmp_path)
    last = segments(tmp_path)[-1]
    path = tmp_path / "log" / f"{last:08d}.wal"
    path.write_bytes(path.read_bytes() + b"half a frame")
    disk = RealDisk(tmp_path)
    contents = read_log(disk)
    assert contents is not None
    assert contents.torn is not None
    assert contents.torn.nbytes == len(b"half a frame")
    log = reopen(disk, contents, HEADER)
    sequence = log.append(RecordKind.TICK, b"new")
    assert sequence > contents.last
    log.close()
    assert content(tmp_path) == [*written, (RecordKind.TICK, b"new")]


def test_going_on_without_records_is_for_good(tmp_path: Path) -> None:
    written = small_log(tmp_path)
    disk = RealDisk(tmp_path)
    contents = read_log(disk, until=5)
    assert contents is not None
    assert contents.last == 5
    assert contents.left_out > 0
    reopen(disk, contents, HEADER).close()
    kept = content(tmp_path)
    assert kept == written[: len(kept)]
    again = read_log(disk)
    assert again is not None
    assert again.durable == again.last


def test_a_missing_segment_is_damage(tmp_path: Path) -> None:
    small_log(tmp_path)
    (tmp_path / "log" / "00000002.wal").unlink()
    with pytest.raises(CorruptData, match=r"00000002\.wal is damaged .*this segment is missing"):
        read_log(RealDisk(tmp_path))


def test_a_segment_of_another_run_is_damage(tmp_path: Path) -> None:
    small_log(tmp_path / "ours")
    other = Log(RealDisk(tmp_path / "theirs"), "another run", HEADER.replace(b"a run", b"another"))
    other.close()
    theirs = (tmp_path / "theirs" / "log" / "00000001.wal").read_bytes()
    (tmp_path / "ours" / "log" / "00000003.wal").write_bytes(theirs)
    with pytest.raises(CorruptData, match="00000003.wal is damaged at byte 0"):
        read_log(RealDisk(tmp_path / "ours"))


def test_no_log_is_none(tmp_path: Path) -> None:
    assert read_log(RealDisk(tmp_path)) is None
