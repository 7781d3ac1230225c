"""The reading side of a log: what is whole, what a crash cut off, and what is damage.

A crash leaves a whole log, or one whose last group is not all there: cut, or with holes, since
what was not synced is lost in any order. The first record that is not as it was written ends what
can be read. If anything shows that it was durable, it is damage and not the end: the mark, a whole
record behind it, or another segment behind its own. Otherwise it is the torn end, and whole records
behind it are of the same group, which nobody was told was safe.
"""

import io
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from qtg.errors import ConfigError, CorruptData, StorageError
from qtg.frames import FILE_BYTES, Frame, FrameReader, find_frames
from qtg.store.directory import LOG

from .disk import Disk
from .format import (
    MARK,
    SEGMENT,
    VERSION,
    Record,
    RecordKind,
    content_of,
    durable_of,
    file_header,
    read_mark,
    salt_of,
    segment_name,
    segment_numbers,
)

_KINDS = frozenset(RecordKind)


class TornEnd(NamedTuple):
    """What was written last and is not whole: dropped."""

    segment: str
    offset: int  # of its first byte
    nbytes: int  # from there to the end of the file
    sequence: int  # of the record that is not whole
    whole: int  # records behind it that are whole, and dropped with it
    why: str


class Contents(NamedTuple):
    """What a log holds."""

    fingerprint: str
    header: dict[str, Any]  # of the first segment
    segments: dict[int, int]  # number to first sequence
    records: list[Record]
    durable: int  # sequence up to which something shows that the log was durable
    torn: TornEnd | None
    left_out: int  # whole records behind `until`

    @property
    def last(self) -> int:
        """Sequence of the last record."""
        return self.records[-1].sequence


class Damage(NamedTuple):
    """Where the first thing is that is not as it was written."""

    offset: int
    what: str


class Segment(NamedTuple):
    """A segment as far as it can be read."""

    number: int
    name: str
    data: bytes
    frames: list[Frame]
    damage: Damage | None
    behind: list[Frame]  # whole frames behind the damage


def read_log(disk: Disk, until: int | None = None) -> Contents | None:
    """All records of a log.

    Parameters
    ----------
    disk : Disk
    until : int, optional    leave out the records behind this one, and do not mind damage there

    Returns
    -------
    Contents, or None if nothing was ever durable: no mark, and at most one segment, without a
    start that can be read

    Raises
    ------
    CorruptData     something is damaged that was durable
    ConfigError     `until` is not a record of this log
    StorageError    a file cannot be read, is another's, or of another version
    """
    numbers = segment_numbers(disk.names(LOG))
    files = {number: disk.read(segment_name(number)) for number in numbers}
    mark = disk.read(MARK) if "durable" in disk.names(LOG) else b""
    header = _any_header(files)
    if header is None:
        if len(files) < 2 and not _was_durable(mark):
            return None
        if not files:
            raise CorruptData("it is the mark of a log whose segments are gone", MARK, 0)
        name = segment_name(numbers[0])
        raise CorruptData("no segment can be read from its start", name, 0)
    fingerprint = str(header["fingerprint"])
    segments = _segments(files, fingerprint)
    known = max(read_mark(mark, fingerprint), max(map(_proves, segments)))
    return _contents(header, segments, known, until)


def _contents(
    header: dict[str, Any], segments: list[Segment], known: int, until: int | None
) -> Contents:
    limit = float("inf") if until is None else until
    records: list[Record] = []
    firsts: dict[int, int] = {}
    torn, damaged, left_out = None, False, 0
    for segment in segments:
        for record in _records(segment):
            if record.sequence <= limit:
                records.append(record)
            else:
                left_out += 1
        if segment.frames and segment.frames[0].sequence <= limit:
            firsts[segment.number] = segment.frames[0].sequence
        following = _last(segments, segment) + 1
        if segment.damage is not None:
            damaged = True
            if following <= limit:
                is_last = segment is segments[-1]
                torn = _torn_end(segment, following, known, is_last, header)
            break
    last = records[-1].sequence if records else 0
    if until is not None and (not records or until < records[0].sequence or until > last):
        held = f"{records[0].sequence} to {last}" if records else "none"
        raise ConfigError(f"no record {until} can be read in this log; it holds {held}")
    if last < known and until is None and not damaged:
        name, end = segments[-1].name, len(segments[-1].data)
        lost = f"records {last + 1} to {known} were acknowledged and are not there"
        raise CorruptData(f"{lost}; {_without(last)}", name, end, last + 1)
    return Contents(str(header["fingerprint"]), header, firsts, records, known, torn, left_out)


def _torn_end(
    segment: Segment, sequence: int, known: int, is_last: bool, header: dict[str, Any]
) -> TornEnd:
    """The end of a log from a damage on, if that is what a crash can leave."""
    assert segment.damage is not None
    offset, what = segment.damage
    proof = ""
    if known >= sequence:
        proof = f"records up to {known} were acknowledged"
    elif not is_last:
        proof = "it was synced before the next segment began"
    elif segment.behind and _never_synced(header):
        proof = f"{len(segment.behind)} whole records follow"
    if proof:
        raise CorruptData(
            f"{what}; {proof}; {_without(sequence - 1)}", segment.name, offset, sequence
        )
    nbytes = len(segment.data) - offset
    return TornEnd(segment.name, offset, nbytes, sequence, len(segment.behind), what)


def _never_synced(header: dict[str, Any]) -> bool:
    """Whether the log was written without syncs: then a crash may leave holes anywhere."""
    try:
        return bool(header["config"]["durability"]["fsync"] == "off")
    except (KeyError, TypeError):
        return False


def _without(last: int) -> str:
    return f"to go on without them: qtg recover RUN --until {last}" if last else "nothing is left"


def _segments(files: dict[int, bytes], fingerprint: str) -> list[Segment]:
    """All segments, each read as far as that is possible."""
    found: list[Segment] = []
    for number, data in files.items():
        before = found[-1] if found else None
        if before is not None and number != before.number + 1:
            missing, gone = before.number + 1, Damage(0, "this segment is missing")
            found.append(before := Segment(missing, segment_name(missing), b"", [], gone, []))
        whole = before is not None and before.damage is None
        first = before.frames[-1].sequence + 1 if before is not None and whole else None
        found.append(_segment(number, data, fingerprint, first))
    return found


def _segment(number: int, data: bytes, fingerprint: str, first: int | None) -> Segment:
    name, salt = segment_name(number), salt_of(fingerprint, number)
    frames: list[Frame] = []
    damage: Damage | None = None
    try:
        reader = FrameReader(io.BytesIO(data), len(data), name, SEGMENT, VERSION)
    except StorageError as error:
        damage = Damage(0, _reason(error, name))
    else:
        expected = file_header(SEGMENT, reader.first if first is None else first, salt)
        if reader.cut is not None:
            damage = Damage(0, "its header is cut")
        elif data[:FILE_BYTES] != expected:
            damage = Damage(0, "it is the segment of another log")
        else:
            frames, damage = _frames(reader, name)
    start = 0 if damage is None else damage.offset
    behind = [] if damage is None else find_frames(data, start + 1, salt)
    lowest = frames[-1].sequence if frames else 0
    behind = [each for each in behind if each.sequence > lowest and len(each.payload) >= 8]
    return Segment(number, name, data, frames, damage, behind)


def _frames(reader: FrameReader, name: str) -> tuple[list[Frame], Damage | None]:
    frames: list[Frame] = []
    try:
        for frame in reader:
            durable_of(frame.payload)
            frames.append(frame)
    except (StorageError, ValueError) as error:
        return frames, Damage(reader.offset, _reason(error, name))
    if reader.cut is not None:
        return frames, Damage(reader.cut.offset, "a record is cut")
    if not frames:
        return frames, Damage(FILE_BYTES, "its first record is missing")
    return frames, None


def _reason(error: Exception, name: str) -> str:
    """What is wrong, without the place, which is said with it."""
    return str(error).split(": ", 1)[-1] if isinstance(error, CorruptData) else str(error)


def _records(segment: Segment) -> Iterator[Record]:
    for index, frame in enumerate(segment.frames):
        known = frame.kind in _KINDS
        if not known or (frame.kind == RecordKind.HEADER) != (index == 0):
            raise CorruptData(
                f"a record of kind {frame.kind} does not belong here",
                segment.name,
                frame.offset,
                frame.sequence,
            )
        yield Record(
            frame.kind,
            frame.sequence,
            durable_of(frame.payload),
            content_of(frame.payload),
            segment.name,
            frame.offset,
            24 + len(frame.payload),
        )


def _proves(segment: Segment) -> int:
    """Sequence up to which a segment's whole records show that the log was durable."""
    return max((durable_of(each.payload) for each in segment.frames + segment.behind), default=0)


def _last(segments: list[Segment], upto: Segment) -> int:
    """Last sequence that can be read in a segment, or before it if it has none."""
    for segment in reversed(segments[: segments.index(upto) + 1]):
        if segment.frames:
            return segment.frames[-1].sequence
    return 0


def _any_header(files: dict[int, bytes]) -> dict[str, Any] | None:
    """What the first segment that has a whole start says of the run."""
    for number, data in files.items():
        with suppress(StorageError, ValueError, KeyError, TypeError, RecursionError):
            name = segment_name(number)
            reader = FrameReader(io.BytesIO(data), len(data), name, SEGMENT, VERSION)
            frame = next(iter(reader), None)
            if frame is None or frame.kind != RecordKind.HEADER:
                continue
            header = json.loads(content_of(frame.payload))
            salt = salt_of(str(header["fingerprint"]), number)
            if data[:FILE_BYTES] == file_header(SEGMENT, reader.first, salt):
                return dict(header)
    return None


def _was_durable(mark: bytes) -> bool:
    """Whether a mark is there that some log wrote, whichever."""
    return mark[:8] == b"\x89QTG\r\n\x1a\n"
