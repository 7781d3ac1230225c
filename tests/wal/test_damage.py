"""A log that is cut at any byte or has any bit flipped is never misread."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from qtg.errors import CorruptData
from qtg.wal.bases import marks_of
from qtg.wal.disk import RealDisk
from qtg.wal.format import MARK, SEGMENT, RecordKind, salt_of
from qtg.wal.log import Log
from qtg.wal.reading import Contents, read_log
from tests.fuzzing.frames import sealed
from tests.fuzzing.logs import Memory

from .disk_campaign import campaign
from .runs import FINGERPRINT, HEADER, small_log


@pytest.fixture
def log(tmp_path: Path) -> Memory:
    small_log(tmp_path, records=7)
    files = sorted((tmp_path / "log").iterdir())
    return Memory({f"log/{path.name}": path.read_bytes() for path in files})


def records(contents: Contents) -> list[tuple[int, int, bytes]]:
    return [(r.sequence, r.kind, r.payload) for r in contents.records]


def read(log: Memory) -> Contents:
    contents = read_log(log)  # type: ignore[arg-type]  # it reads only
    assert contents is not None
    return contents


def outcome(log: Memory, whole: list[tuple[int, int, bytes]]) -> str:
    """What a reader makes of the log; fails if it is anything that was not written."""
    try:
        found = records(contents := read(log))
    except CorruptData:
        return "damage"
    assert found == whole[: len(found)], "misread"
    return "whole" if found == whole else "torn" if contents.torn else "short"


@pytest.mark.parametrize("marked", [True, False])
def test_any_flipped_bit_is_found_or_harmless(log: Memory, marked: bool) -> None:
    """With the mark everything is known to be durable, without it the last group may be torn."""
    if not marked:
        del log["log/durable"]
    whole, counts = records(read(log)), Counter[tuple[str, str]]()
    for name, data in list(log.items()):
        for bit in range(8 * len(data)):
            flipped = bytearray(data)
            flipped[bit // 8] ^= 1 << bit % 8
            log[name] = bytes(flipped)
            counts[name, outcome(log, whole)] += 1
        log[name] = data
    last = max(name for name in log if name.endswith(".wal"))
    for name, what in counts:
        if name == "log/durable":
            assert what == "whole"  # an unreadable mark says nothing
        elif marked or name != last:
            assert what == "damage"
        else:
            assert what in ("damage", "torn")


def test_a_log_cut_at_any_byte_has_lost_what_was_acknowledged(log: Memory) -> None:
    whole = records(read(log))
    for name in [name for name in log if name.endswith(".wal")]:
        data = log[name]
        for size in range(len(data)):
            log[name] = data[:size]
            assert outcome(log, whole) == "damage"
        log[name] = data


def test_without_the_mark_a_cut_end_is_torn_and_the_rest_is_kept(log: Memory) -> None:
    del log["log/durable"]
    contents, name = read(log), max(log)
    whole, data = records(contents), log[max(log)]
    ends = [r.offset + r.nbytes for r in contents.records if r.segment == name]
    for size in range(len(data)):
        log[name] = data[:size]
        # At the end of a record nothing shows that there was another one.
        assert outcome(log, whole) == ("short" if size in ends else "torn")
        assert len(whole) - len(read(log).records) == sum(end > size for end in ends)


def test_damage_is_told_with_segment_record_and_offset_and_the_way_on(log: Memory) -> None:
    contents = read(log)
    record = contents.records[2]
    data = bytearray(log[record.segment])
    data[record.offset + 30] ^= 1
    log[record.segment] = bytes(data)
    with pytest.raises(CorruptData, match="go on without them: qtg recover RUN --until 2") as told:
        read(log)
    found = (told.value.file, told.value.offset, told.value.sequence)
    assert found == (record.segment, record.offset, record.sequence)
    rest = read_log(log, until=2)  # type: ignore[arg-type]
    assert rest is not None
    assert records(rest) == records(contents)[:2]


def test_a_record_kind_that_does_not_exist_is_damage(tmp_path: Path) -> None:
    log = Log(RealDisk(tmp_path), FINGERPRINT, HEADER)
    log.append(RecordKind.HEADER, HEADER)
    log.close()
    with pytest.raises(CorruptData, match="kind 1 does not belong here"):
        read_log(RealDisk(tmp_path))


def header_of(told: Any) -> bytes:
    """A header that is sealed as that of a log."""
    payload = told if isinstance(told, bytes) else json.dumps(told).encode()
    return sealed([(1, bytes(8) + payload)], SEGMENT, salt=salt_of(FINGERPRINT, 1))


@pytest.mark.parametrize("told", [b"[" * 100_000, b"1" * 5_000, b"\xff", [1], {}, None])
def test_a_header_that_makes_no_sense_is_damage_if_it_was_durable(told: Any, log: Memory) -> None:
    files = Memory({"log/00000001.wal": header_of(told)})
    assert read_log(files) is None  # type: ignore[arg-type]
    files[MARK] = log[MARK]
    with pytest.raises(CorruptData, match="no segment can be read from its start"):
        read(files)


@pytest.mark.parametrize("config", [5, [], None, {"durability": "off"}, {"durability": []}])
def test_a_torn_end_is_told_from_damage_whatever_the_header_says(config: Any) -> None:
    whole = header_of({"fingerprint": FINGERPRINT, "config": config})
    torn = read(Memory({"log/00000001.wal": whole + b"\0"})).torn
    assert torn is not None
    assert (torn.offset, torn.nbytes) == (len(whole), 1)


def test_a_mark_without_its_segments_is_damage(log: Memory) -> None:
    with pytest.raises(CorruptData, match="the mark of a log whose segments are gone"):
        read(Memory({MARK: log[MARK]}))
    assert read_log(Memory({MARK: b""})) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "payload",
    [
        *(b"", b"[" * 100_000, b"7", b"{}", b'{"tick": 1, "rows": 3}', b'{"tick": 1, "rows": [1]}'),
        *(
            b'{"tick": 1e999, "rows": {}}',
            b'{"tick": -1, "rows": {}}',
            b'{"tick": "1", "rows": {}}',
        ),
        *(b'{"tick": 1, "rows": {"a": 1e999}}', b'{"tick": 1, "rows": {"a": null}}'),
    ],
)
def test_a_record_of_a_snapshot_that_makes_no_sense_is_damage(
    payload: bytes, tmp_path: Path
) -> None:
    log = Log(RealDisk(tmp_path), FINGERPRINT, HEADER)
    log.append(RecordKind.SNAPSHOT, payload)
    log.close()
    contents = read_log(RealDisk(tmp_path))
    assert contents is not None
    with pytest.raises(CorruptData, match="a record of a snapshot makes no sense") as caught:
        list(marks_of(contents))
    assert caught.value.sequence == 2


def test_simulated_disks_lose_nothing() -> None:
    """The short form of `make disk-campaign`."""
    counts = campaign(0, 400)
    assert counts["torn end dropped"] > 20
    assert counts["damage found"] > 50
    assert counts["read to its end"] > 400
    assert campaign(25_093, 1)["damage found"], "the mark is all that a disk left"
