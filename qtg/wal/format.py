"""What a log looks like on disk: names, salts and the mark.

    log/00000001.wal     segments: framed files of kind "WLOG", numbered without gaps
    log/durable          the mark: how far the log is known to be durable
    snapshots/1000.snap  the state at the end of a tick

The frames of all segments have one row of sequences, 1, 2, 3, ... without gaps. Every payload
begins with eight bytes: the sequence up to which the log was durable when the record was written.
A record that can be read so proves that those up to there were synced, and if one of them is not
as it was written, that is not what a crash leaves: it is damage.

The mark is a framed file of kind "WMRK" with one frame, whose sequence is the last durable one. It
is written anew after each sync, and not synced itself: after a power failure it may be old, or
unreadable, and then says less than it could; but what it says is true.
"""

import io
import re
import struct
from contextlib import suppress
from enum import IntEnum
from typing import NamedTuple

from qtg.errors import StorageError
from qtg.frames import FILE_BYTES, FrameReader, FrameWriter, checksum
from qtg.store.directory import LOG

MARK = f"{LOG}/durable"
SEGMENT = b"WLOG"
VERSION = 1
_MARK = b"WMRK"
_NUMBER = re.compile(r"([0-9]{8,})\.wal")
_DURABLE = struct.Struct("<Q")


class RecordKind(IntEnum):
    """What a record is; numbers and payloads are those of a tape, as far as it has them."""

    HEADER = 1  # the first of each segment: what run this is the log of
    INPUT = 2  # something from outside
    WITHDRAWN = 3  # the input before it did not take effect: somebody else refused it
    TICK = 4  # a tick is over
    END = 6  # the run ended
    SNAPSHOT = 7  # a snapshot is in place


class Record(NamedTuple):
    """One record of a log."""

    kind: int
    sequence: int
    durable: int  # sequence up to which the log was durable when this was written
    payload: bytes
    segment: str  # name of its file
    offset: int  # of its first byte there
    nbytes: int  # on disk


def segment_name(number: int) -> str:
    """Name of a segment, 1 and up."""
    return f"{LOG}/{number:08d}.wal"


def segment_numbers(names: list[str]) -> list[int]:
    """Numbers of the segments among the names of the log's files, in order."""
    return sorted(int(match[1]) for name in names if (match := _NUMBER.fullmatch(name)))


def salt_of(fingerprint: str, number: int) -> int:
    """Start value of a segment's checksums; number 0 is the mark's."""
    return checksum(number.to_bytes(8, "little"), checksum(fingerprint.encode()))


def payload_of(durable: int, payload: bytes) -> bytes:
    """A record's payload as it is framed."""
    return _DURABLE.pack(durable) + payload


def durable_of(payload: bytes) -> int:
    """What a framed payload proves; raises ValueError if it is too short."""
    if len(payload) < _DURABLE.size:
        raise ValueError(f"a record has {len(payload)} bytes, at least {_DURABLE.size} are needed")
    return int(_DURABLE.unpack_from(payload)[0])


def content_of(payload: bytes) -> bytes:
    """A framed payload without what it proves."""
    return payload[_DURABLE.size :]


def file_header(kind: bytes, first: int, salt: int) -> bytes:
    """The first bytes of a framed file."""
    stream = io.BytesIO()
    FrameWriter(stream, kind, VERSION, first=first, salt=salt)
    return stream.getvalue()


def mark_bytes(durable: int, fingerprint: str) -> bytes:
    """The mark that says that records up to `durable` are durable."""
    stream = io.BytesIO()
    writer = FrameWriter(stream, _MARK, VERSION, first=durable, salt=salt_of(fingerprint, 0))
    writer.append(0, b"")
    return stream.getvalue()


def read_mark(data: bytes, fingerprint: str) -> int:
    """What a mark says; 0 if it is not one of this run's, or not whole."""
    with suppress(StorageError):
        reader = FrameReader(io.BytesIO(data), len(data), MARK, _MARK, VERSION)
        if data[:FILE_BYTES] == file_header(_MARK, reader.first, salt_of(fingerprint, 0)):
            return next((frame.sequence for frame in reader), 0)
    return 0
