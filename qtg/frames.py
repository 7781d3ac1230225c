"""Framed files: tapes, logs and snapshots are a header and then frames, each with its checksum.

Little-endian throughout. A file starts with 32 bytes:

    magic       8 bytes   89 51 54 47 0D 0A 1A 0A
    kind        4 bytes   what the file is, such as "TAPE"
    version     u16       of the format of that kind
    zero        u16
    salt        u32       start value of the checksums of all frames
    first       u64       sequence of the first frame
    checksum    u32       CRC32C of the 28 bytes before

and each frame with 24:

    length      u32       bytes of the payload
    kind        u16       what the payload is
    zero        u16
    sequence    u64       one more than that of the frame before
    checksum    u32       CRC32C of the 16 bytes before, from `salt` on
    checksum    u32       CRC32C of the payload, from `salt` on

A length has a checksum of its own, so that what a cut file lacks can be told from a wrong length,
and nothing is ever read or allocated by a number that was not checked. The salt tells the frames of
one file from those of another: a frame that was written into the wrong file does not pass. It is
not 0: four bytes of ones and then zeros have a CRC32C of ones, so that ones over both would pass.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import numpy as np

from .errors import CorruptData, StorageError

MAGIC = b"\x89QTG\r\n\x1a\n"
LARGEST = (1 << 32) - 1  # bytes of a payload
_FILE = struct.Struct("<8s4sHHIQ")
_FRAME = struct.Struct("<IHHQ")
_CRC = struct.Struct("<I")
_CRCS = struct.Struct("<II")
_LONG = 1 << 16
FILE_BYTES = _FILE.size + _CRC.size
FRAME_BYTES = _FRAME.size + _CRCS.size


class Frame(NamedTuple):
    """One frame of a file."""

    kind: int
    sequence: int
    offset: int  # of its first byte in the file
    payload: bytes


class Cut(NamedTuple):
    """The unfinished end of a file."""

    offset: int  # of its first byte
    nbytes: int


class FrameWriter:
    """Appends frames to a stream; the header is written at once.

    Parameters
    ----------
    stream : BinaryIO    at its start; flushing and syncing are the caller's
    kind : bytes         4 bytes
    version : int        of the format of that kind
    first : int          sequence of the first frame
    salt : int           uint32, another one for each file: see above
    """

    def __init__(
        self, stream: BinaryIO, kind: bytes, version: int, *, first: int = 1, salt: int
    ) -> None:
        self.sequence = first - 1
        self._stream, self._salt = stream, salt
        start = _FILE.pack(MAGIC, kind, version, 0, salt, first)
        stream.write(start + _CRC.pack(checksum(start)))
        self.nbytes = FILE_BYTES

    def append(self, kind: int, payload: bytes) -> int:
        """Write a frame; returns its sequence."""
        if len(payload) > LARGEST:
            raise StorageError(f"a frame holds at most {LARGEST:,} bytes, not {len(payload):,}")
        start = _FRAME.pack(len(payload), kind, 0, self.sequence + 1)
        sums = _CRCS.pack(checksum(start, self._salt), checksum(payload, self._salt))
        if len(payload) < _LONG:
            self._stream.write(start + sums + payload)
        else:
            self._stream.write(start + sums)
            self._stream.write(payload)  # without a copy
        self.nbytes += FRAME_BYTES + len(payload)
        self.sequence += 1
        return self.sequence


class FrameReader:
    """The frames of a stream, in order.

    Iterating ends at the end of the file or where it was cut; `cut` says so afterwards. Everything
    else that is not as written raises.

    Parameters
    ----------
    stream : BinaryIO
    size : int        bytes of the file
    name : str        of the file, for messages
    kind : bytes      what the file must be
    version : int     that is understood

    Attributes
    ----------
    first, sequence : int    sequence of the first frame, and of the last that was read
    offset : int             behind the last frame that was read
    cut : Cut or None        the unfinished end

    Raises
    ------
    StorageError    another kind of file, or another version
    CorruptData     a checksum, sequence or reserved field is wrong
    """

    def __init__(self, stream: BinaryIO, size: int, name: str, kind: bytes, version: int) -> None:
        self._stream, self._size, self._name = stream, size, name
        self.cut: Cut | None = None
        self.offset, self.first, self.sequence, self._salt = 0, 0, -1, 0
        start = stream.read(FILE_BYTES)
        if not MAGIC.startswith(start[:8]) and not start.startswith(MAGIC):
            raise StorageError(f"{name} is not a file of qtg's; give one that qtg wrote")
        if len(start) < FILE_BYTES:
            self.cut = Cut(0, len(start))
            return
        _, found, its_version, zero, self._salt, self.first = _FILE.unpack(start[: _FILE.size])
        if checksum(start[: _FILE.size]) != _CRC.unpack(start[_FILE.size :])[0] or zero:
            raise CorruptData("the header does not match its checksum", name, 0)
        if found != kind:
            raise StorageError(f"{name} is a file of kind {_text(found)}, not {_text(kind)}")
        if its_version != version:
            raise StorageError(
                f"{name} has format version {its_version}, this qtg reads {version}; "
                "open it with the qtg that wrote it"
            )
        self.offset, self.sequence = FILE_BYTES, self.first - 1

    def __iter__(self) -> Iterator[Frame]:
        while self.cut is None and self.offset < self._size:
            frame = self._next()
            if frame is None:
                return
            yield frame

    def _next(self) -> Frame | None:
        at, left = self.offset, self._size - self.offset
        head = self._stream.read(FRAME_BYTES)
        if len(head) < FRAME_BYTES:
            self.cut = Cut(at, left)
            return None
        length, kind, zero, sequence = _FRAME.unpack(head[: _FRAME.size])
        head_sum, payload_sum = _CRCS.unpack(head[_FRAME.size :])
        if checksum(head[: _FRAME.size], self._salt) != head_sum or zero:
            raise CorruptData(
                "a frame's header does not match its checksum", self._name, at, self.sequence + 1
            )
        if sequence != self.sequence + 1:
            raise CorruptData(
                f"a frame has sequence {sequence}, expected {self.sequence + 1}",
                self._name,
                at,
                sequence,
            )
        if length > left - FRAME_BYTES:
            self.cut = Cut(at, left)
            return None
        payload = self._stream.read(length)
        if len(payload) < length:
            self.cut = Cut(at, FRAME_BYTES + len(payload))
            return None
        if checksum(payload, self._salt) != payload_sum:
            raise CorruptData("a frame does not match its checksum", self._name, at, sequence)
        self.offset += FRAME_BYTES + length
        self.sequence = sequence
        return Frame(kind, sequence, at, payload)


def find_frames(data: bytes, start: int, salt: int) -> list[Frame]:
    """Whole frames at whatever offset of `data`, from byte `start` on: what lies behind damage.

    None of sequence 0 is found, nor one that begins within another.
    """
    if len(data) - start < FRAME_BYTES:
        return []
    byte = np.frombuffer(data, np.uint8)
    n = len(data) - FRAME_BYTES + 1
    likely = (byte[6 : n + 6] == 0) & (byte[7 : n + 7] == 0)  # the zero field
    likely &= (byte[14 : n + 14] == 0) & (byte[15 : n + 15] == 0)  # sequences below 2^48
    found, behind = [], start
    for at in (np.flatnonzero(likely[start:]) + start).tolist():
        if at >= behind and (frame := _frame_at(data, at, salt)) is not None:
            found.append(frame)
            behind = at + FRAME_BYTES + len(frame.payload)
    return found


def _frame_at(data: bytes, at: int, salt: int) -> Frame | None:
    """The frame that begins at byte `at`, if a whole one does."""
    length, kind, zero, sequence = _FRAME.unpack_from(data, at)
    body = at + FRAME_BYTES
    if zero or not sequence or length > len(data) - body:
        return None
    head_sum, payload_sum = _CRCS.unpack_from(data, at + _FRAME.size)
    if checksum(data[at : at + _FRAME.size], salt) != head_sum:
        return None
    payload = data[body : body + length]
    return Frame(kind, sequence, at, payload) if checksum(payload, salt) == payload_sum else None


def checksum(data: bytes, start: int = 0) -> int:
    """CRC32C (Castagnoli) of `data`, continued from the checksum `start`."""
    import google_crc32c

    return int(google_crc32c.extend(start, data))


def _text(kind: bytes) -> str:
    return kind.decode("ascii") if kind.isalnum() else kind.hex(" ")
