"""Damage by somebody who knows the framing: frames that were changed, with right checksums."""

import struct

from qtg.frames import FILE_BYTES, FRAME_BYTES, MAGIC, checksum

from .blind import NUMBERS, Draw, blind

Frames = list[tuple[int, bytes]]  # kind and payload

_FILE = struct.Struct("<8s4sHHIQ")
_FRAME = struct.Struct("<IHHQ")
_CRC = struct.Struct("<I")


def split(data: bytes) -> Frames:
    """Kind and payload of the frames of a whole file."""
    frames, at = [], FILE_BYTES
    while at < len(data):
        length, kind, *_ = _FRAME.unpack_from(data, at)
        frames.append((kind, data[at + FRAME_BYTES : at + FRAME_BYTES + length]))
        at += FRAME_BYTES + length
    return frames


def starts_of(frames: Frames) -> list[int]:
    """Where each frame starts, and where the file ends."""
    places = [FILE_BYTES]
    for _, payload in frames:
        places.append(places[-1] + FRAME_BYTES + len(payload))
    return places


def sealed(
    frames: Frames, kind: bytes = b"TAPE", version: int = 1, salt: int = 5, first: int = 1
) -> bytes:
    """A file of these frames with right checksums and sequences."""
    head = _FILE.pack(MAGIC, kind, version, 0, salt, first)
    parts = [head, _CRC.pack(checksum(head))]
    for number, (what, payload) in enumerate(frames, first):
        start = _FRAME.pack(len(payload), what, 0, number & (2**64 - 1))
        sums = _CRC.pack(checksum(start, salt)), _CRC.pack(checksum(payload, salt))
        parts += [start, *sums, payload]
    return b"".join(parts)


def sealed_oddly(frames: Frames, draw: Draw, kind: bytes) -> bytes:
    """A whole file, but perhaps of another kind, version or first sequence."""
    kinds = (kind, b"TAPE", b"WLOG", b"SNAP", b"\xff\x00\n ")
    return sealed(frames, kinds[draw(5)], draw(4), NUMBERS[draw(10)], NUMBERS[draw(len(NUMBERS))])


def informed(frames: Frames, draw: Draw) -> Frames:
    """One frame, or their order, is changed."""
    return _ALL[draw(len(_ALL))](frames, draw) if frames else frames


def replaced(frames: Frames, place: int, kind: int, payload: bytes) -> Frames:
    """The frames with another one in one place."""
    return [*frames[:place], (kind, payload), *frames[place + 1 :]]


def _payload(frames: Frames, draw: Draw) -> Frames:
    """Blind damage within a payload; often near its start, where the numbers are."""
    place = draw(len(frames))
    kind, payload = frames[place]
    if draw(2):
        return replaced(frames, place, kind, blind(payload, draw))
    return replaced(frames, place, kind, blind(payload[:24], draw) + payload[24:])


def _kind(frames: Frames, draw: Draw) -> Frames:
    place = draw(len(frames))
    return replaced(frames, place, draw(9), frames[place][1])


def _drop(frames: Frames, draw: Draw) -> Frames:
    place = draw(len(frames))
    return frames[:place] + frames[place + 1 :]


def _double(frames: Frames, draw: Draw) -> Frames:
    """A frame once more, anywhere."""
    place = draw(len(frames) + 1)
    return [*frames[:place], frames[draw(len(frames))], *frames[place:]]


def _swap(frames: Frames, draw: Draw) -> Frames:
    frames, a, b = [*frames], draw(len(frames)), draw(len(frames))
    frames[a], frames[b] = frames[b], frames[a]
    return frames


_ALL = (_payload, _payload, _payload, _kind, _drop, _double, _swap)
