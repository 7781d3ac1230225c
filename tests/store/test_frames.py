"""Framed files: what was written comes back, a cut end is told, and any damage is found."""

import io
import struct

import pytest

from qtg.errors import CorruptData, StorageError
from qtg.frames import FILE_BYTES, FRAME_BYTES, Cut, Frame, FrameReader, FrameWriter, checksum

PAYLOADS = [b"", b"first", bytes(range(256)), b"last"]


def written(payloads: list[bytes] = PAYLOADS, first: int = 5, salt: int = 77) -> bytes:
    stream = io.BytesIO()
    writer = FrameWriter(stream, b"TEST", 3, first=first, salt=salt)
    for kind, payload in enumerate(payloads):
        writer.append(kind, payload)
    assert writer.nbytes == len(stream.getvalue())
    return stream.getvalue()


def reader(data: bytes, kind: bytes = b"TEST", version: int = 3) -> FrameReader:
    return FrameReader(io.BytesIO(data), len(data), "a.file", kind, version)


def bitwise(data: bytes, crc: int = 0) -> int:
    """CRC32C by its definition, bit by bit: reversed polynomial 0x82F63B78 (RFC 3720)."""
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def test_checksum_is_the_published_one() -> None:
    assert checksum(b"123456789") == 0xE3069283  # RFC 3720 and others
    assert checksum(bytes(32)) == 0x8A9136AA  # RFC 3720, B.4
    assert checksum(b"more", 77) == bitwise(b"more", 77)


def test_frames_come_back_in_order() -> None:
    frames = list(reader(written()))
    assert [frame.payload for frame in frames] == PAYLOADS
    assert [frame.kind for frame in frames] == [0, 1, 2, 3]
    assert [frame.sequence for frame in frames] == [5, 6, 7, 8]


def test_bytes_are_as_documented() -> None:
    """A reader of the documentation, with `struct` and nothing of ours."""
    data = written([b"payload"])
    assert data[:8] == bytes.fromhex("895154470D0A1A0A")
    kind, version, zero, salt, first = struct.unpack_from("<4sHHIQ", data, 8)
    assert (kind, version, zero, salt, first) == (b"TEST", 3, 0, 77, 5)
    assert struct.unpack_from("<I", data, 28)[0] == bitwise(data[:28])
    length, what, zero, sequence = struct.unpack_from("<IHHQ", data, 32)
    assert (length, what, zero, sequence) == (7, 0, 0, 5)
    sums = struct.unpack_from("<II", data, 48)
    assert sums == (bitwise(data[32:48], 77), bitwise(b"payload", 77))
    assert data[56:] == b"payload"


def test_a_cut_file_gives_what_is_whole_and_says_where_it_ends() -> None:
    data = written()
    ends = [FILE_BYTES]
    for payload in PAYLOADS:
        ends.append(ends[-1] + FRAME_BYTES + len(payload))
    for size in range(len(data) + 1):
        found = reader(data[:size])
        frames = list(found)
        whole = sum(end <= size for end in ends[1:])
        assert [frame.payload for frame in frames] == PAYLOADS[:whole]
        if size in ends:
            assert found.cut is None
        else:
            at = max((end for end in ends if end <= size), default=0)
            assert found.cut == Cut(at, size - at)


def test_any_flipped_bit_is_found() -> None:
    data = written()
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(StorageError):
            list(reader(bytes(flipped)))


def test_damage_is_said_with_its_place() -> None:
    data = bytearray(written())
    data[-1] ^= 1
    with pytest.raises(CorruptData, match="a.file is damaged at byte") as caught:
        list(reader(bytes(data)))
    assert (caught.value.file, caught.value.sequence) == ("a.file", 8)


def test_a_frame_of_another_file_is_found() -> None:
    ours, theirs = written(salt=1), written(salt=2)
    mixed = ours[:FILE_BYTES] + theirs[FILE_BYTES:]
    with pytest.raises(CorruptData, match="header does not match"):
        list(reader(mixed))


def test_a_frame_that_is_missing_or_comes_twice_is_found() -> None:
    data = written([b"a", b"b", b"c"])
    step = FRAME_BYTES + 1
    for wrong in (
        data[:FILE_BYTES] + data[FILE_BYTES + step :],
        data[: FILE_BYTES + step] + data[FILE_BYTES:],
    ):
        with pytest.raises(CorruptData, match="sequence"):
            list(reader(wrong))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"PAR1 and so on", "not a file of qtg's"),
        (b"\x00" * 100, "not a file of qtg's"),
        (written().replace(b"QTG\r\n", b"QTG\n"), "not a file of qtg's"),
    ],
)
def test_foreign_files_are_refused(data: bytes, says: str) -> None:
    with pytest.raises(StorageError, match=says):
        reader(data)


def test_other_kinds_and_versions_are_refused() -> None:
    with pytest.raises(StorageError, match="of kind TEST, not TAPE"):
        reader(written(), kind=b"TAPE")
    with pytest.raises(StorageError, match="format version 3, this qtg reads 4"):
        reader(written(), version=4)


def test_a_length_is_believed_only_with_its_checksum() -> None:
    """A right length beyond the end is a cut; nothing is allocated for it."""
    head = struct.pack("<IHHQ", (1 << 32) - 1, 0, 0, 5)
    data = written([]) + head + struct.pack("<II", bitwise(head, 77), 0)
    found = reader(data)
    assert list(found) == []
    assert found.cut == Cut(FILE_BYTES, FRAME_BYTES)


def test_frames_are_tuples() -> None:
    assert next(iter(reader(written([b"x"])))) == Frame(0, 5, FILE_BYTES, b"x")
