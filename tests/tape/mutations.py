"""Damage for framed files: blind (bits, bytes, cuts) and informed (frames with right checksums).

Every choice is `draw(n)`, a number below n, so that hypothesis, a random generator or a list of
numbers can decide.
"""

import json
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from qtg.frames import FILE_BYTES, MAGIC, checksum

Draw = Callable[[int], int]
Frames = list[tuple[int, bytes]]

FRAME = struct.Struct("<IHHQII")
NUMBERS = (
    0,
    1,
    2,
    127,
    255,
    2**15,
    2**16 - 1,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**62,
    2**63,
    2**64 - 1,
)
JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    2**62,
    2**70,
    -(2**63),
    1.5,
    float("nan"),
    "",
    "x",
    "zz" * 8,
    [],
    [None],
    ["A"] * 3,
    [0, 1],
    {},
    {"a": {}},
)


class Damage(NamedTuple):
    """What was done to a file."""

    data: bytes
    informed: bool  # its checksums are right, so that it may say something else than before


def split(data: bytes) -> Frames:
    """Kind and payload of the frames of a whole file."""
    frames, at = [], FILE_BYTES
    while at < len(data):
        length, kind, *_ = FRAME.unpack_from(data, at)
        frames.append((kind, data[at + FRAME.size : at + FRAME.size + length]))
        at += FRAME.size + length
    return frames


def sealed(
    frames: Frames, kind: bytes = b"TAPE", version: int = 1, salt: int = 5, first: int = 1
) -> bytes:
    """A file of these frames with right checksums and sequences."""
    head = struct.pack("<8s4sHHIQ", MAGIC, kind, version, 0, salt, first)
    parts = [head, struct.pack("<I", checksum(head))]
    for number, (what, payload) in enumerate(frames, first):
        start = struct.pack("<IHHQ", len(payload), what, 0, number & (2**64 - 1))
        sums = struct.pack("<II", checksum(start, salt), checksum(payload, salt))
        parts += [start, sums, payload]
    return b"".join(parts)


def damaged(data: bytes, draw: Draw) -> Damage:
    """One to three mutations of a whole file; all blind or all informed."""
    if draw(2):
        for _ in range(1 + draw(3)):
            data = BLIND[draw(len(BLIND))](data, draw)
        return Damage(data, False)
    frames = split(data)
    for _ in range(1 + draw(3)):
        frames = INFORMED[draw(len(INFORMED))](frames, draw)
    if draw(16):
        return Damage(sealed(frames), True)
    kind = (b"TAPE", b"WLOG", b"\xff\x00\n ")[draw(3)]
    return Damage(sealed(frames, kind, draw(4), NUMBERS[draw(10)], NUMBERS[draw(13)]), True)


def _flip(data: bytes, draw: Draw) -> bytes:
    if not data:
        return data
    bit = draw(8 * len(data))
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]


def _cut(data: bytes, draw: Draw) -> bytes:
    return data[: draw(len(data) + 1)]


def _insert(data: bytes, draw: Draw) -> bytes:
    at, n = draw(len(data) + 1), 1 + draw(40)
    return data[:at] + bytes([draw(256)]) * n + data[at:]


def _remove(data: bytes, draw: Draw) -> bytes:
    at = draw(len(data) + 1)
    return data[:at] + data[at + 1 + draw(40) :]


def _repeat(data: bytes, draw: Draw) -> bytes:
    at = draw(len(data) + 1)
    end = at + draw(200)
    return data[:end] + data[at:]


def _number(data: bytes, draw: Draw) -> bytes:
    """Another number in place of 2, 4 or 8 bytes."""
    size = (2, 4, 8)[draw(3)]
    if len(data) < size:
        return data
    at = draw(len(data) - size + 1)
    value = NUMBERS[draw(len(NUMBERS))] & (256**size - 1)
    return data[:at] + value.to_bytes(size, "little") + data[at + size :]


BLIND = (_flip, _flip, _cut, _insert, _remove, _repeat, _number)


def _payload(frames: Frames, draw: Draw) -> Frames:
    """Blind damage within a payload; often near its start, where the numbers are."""
    if not frames:
        return frames
    place = draw(len(frames))
    kind, payload = frames[place]
    if draw(2):
        payload = BLIND[draw(len(BLIND))](payload, draw)
    else:
        payload = BLIND[draw(len(BLIND))](payload[:24], draw) + payload[24:]
    return [*frames[:place], (kind, payload), *frames[place + 1 :]]


def _kind(frames: Frames, draw: Draw) -> Frames:
    if not frames:
        return frames
    place = draw(len(frames))
    return [*frames[:place], (draw(9), frames[place][1]), *frames[place + 1 :]]


def _drop(frames: Frames, draw: Draw) -> Frames:
    place = draw(len(frames) + 1)
    return frames[:place] + frames[place + 1 :]


def _double(frames: Frames, draw: Draw) -> Frames:
    """A frame once more, anywhere."""
    if not frames:
        return frames
    place = draw(len(frames) + 1)
    return [*frames[:place], frames[draw(len(frames))], *frames[place:]]


def _swap(frames: Frames, draw: Draw) -> Frames:
    if not frames:
        return frames
    frames, a, b = [*frames], draw(len(frames)), draw(len(frames))
    frames[a], frames[b] = frames[b], frames[a]
    return frames


def _header(frames: Frames, draw: Draw) -> Frames:
    """A header that is JSON, but says something else."""
    if not frames:
        return frames
    kind, payload = frames[0]
    try:
        told = json.loads(payload)
    except (ValueError, RecursionError):
        return frames
    if not isinstance(told, dict) or not told or not draw(20):
        odd = (b"", b"[" * 100_000, b"[1]", b"1" * 5_000, b"\xff", b'{"a":1}', b"{}", b"null")
        return [(kind, odd[draw(len(odd))]), *frames[1:]]
    names = sorted(told)
    name = names[draw(len(names))]
    if draw(4) == 0:
        del told[name]
    elif isinstance(told[name], dict) and told[name] and draw(2):
        inner = sorted(told[name])
        told[name][inner[draw(len(inner))]] = JUNK[draw(len(JUNK))]
    elif isinstance(told[name], list) and told[name] and draw(2):
        told[name][draw(len(told[name]))] = JUNK[draw(len(JUNK))]
    else:
        told[name] = JUNK[draw(len(JUNK))]
    return [(kind, json.dumps(told).encode()), *frames[1:]]


def _batch(frames: Frames, draw: Draw) -> Frames:
    """Another Arrow message in place of a batch."""
    at = [place for place, (kind, _) in enumerate(frames) if kind in (2, 5)]
    if not at:
        return frames
    place = at[draw(len(at))]
    kind, payload = frames[place]
    size = 24 if kind == 2 else 16
    return [
        *frames[:place],
        (kind, payload[:size] + MESSAGES[draw(len(MESSAGES))]),
        *frames[place + 1 :],
    ]


INFORMED = (_payload, _payload, _payload, _kind, _drop, _double, _swap, _header, _header, _batch)


def _messages() -> list[bytes]:
    """Arrow messages that are none of ours."""
    numbers = pa.record_batch({"regime": pa.array([1], pa.int8())})
    holes = pa.record_batch({"regime": pa.array([None], pa.int8())})
    texts = pa.record_batch({"regime": pa.array(["x"])})
    coded = pa.record_batch({"regime": pa.array(["x"]).dictionary_encode()})
    none = pa.record_batch({"regime": pa.array([], pa.int8())})
    many = pa.record_batch({f"c{n}": pa.array(np.zeros(3, np.int64)) for n in range(15)})
    found = [each.serialize().to_pybytes() for each in (numbers, holes, texts, none, many)]
    for batch in (coded, many, pa.record_batch({"regime": pa.array(np.zeros(9999, np.int8))})):
        for compression in (None, "zstd", "lz4"):
            stream = pa.BufferOutputStream()
            options = pa.ipc.IpcWriteOptions(compression=compression)
            with pa.ipc.new_stream(stream, batch.schema, options=options) as writer:
                writer.write_batch(batch)
            for message in pa.ipc.MessageReader.open_stream(stream.getvalue()):
                found.append(message.serialize().to_pybytes())
    return [*found, b"", b"\xff" * 8, b"\xff\xff\xff\xff\x00\x00\x00\x00", bytes(64)]


MESSAGES = _messages()
