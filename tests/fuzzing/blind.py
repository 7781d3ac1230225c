"""Damage by somebody who knows nothing of the format: bits, cuts, pieces gone, new or twice.

Every choice is `draw(n)`, a whole number below n, so that hypothesis, a random generator or a list
of numbers can decide.
"""

import struct
from collections.abc import Callable, Sequence

Draw = Callable[[int], int]
Damage = Callable[[bytes, Draw, Sequence[int]], bytes]

NUMBERS = (
    *(0, 1, 2, 127, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1),
    *(2**62, 2**63, 2**64 - 1),
)
_NEAR = 32  # bytes behind a place of interest


def blind(data: bytes, draw: Draw, places: Sequence[int] = ()) -> bytes:
    """One damage; half of the time near one of the places, where lengths and checksums are."""
    return _ALL[draw(len(_ALL))](data, draw, places)


def _at(size: int, draw: Draw, places: Sequence[int]) -> int:
    """A place from 0 to `size`."""
    if places and draw(2):
        return min(places[draw(len(places))] + draw(_NEAR), size)
    return draw(size + 1)


def _flip(data: bytes, draw: Draw, places: Sequence[int]) -> bytes:
    if not data:
        return data
    at = _at(len(data) - 1, draw, places)
    return data[:at] + bytes([data[at] ^ 1 << draw(8)]) + data[at + 1 :]


def _cut(data: bytes, draw: Draw, places: Sequence[int]) -> bytes:
    return data[: _at(len(data), draw, places)]


def _insert(data: bytes, draw: Draw, places: Sequence[int]) -> bytes:
    at = _at(len(data), draw, places)
    return data[:at] + bytes([draw(256)]) * (1 + draw(40)) + data[at:]


def _remove(data: bytes, draw: Draw, places: Sequence[int]) -> bytes:
    at = _at(len(data), draw, places)
    return data[:at] + data[at + 1 + draw(40) :]


def _repeat(data: bytes, draw: Draw, places: Sequence[int]) -> bytes:
    at = _at(len(data), draw, places)
    return data[: at + draw(200)] + data[at:]


def _splice(data: bytes, draw: Draw, places: Sequence[int]) -> bytes:
    """What is at one place, up to where the next begins, at another too."""
    ends = sorted({*places, 0, len(data)})
    k, at = draw(len(ends)), ends[draw(len(ends))]
    piece = data[ends[k] : ends[k + 1]] if k + 1 < len(ends) else b""
    return data[:at] + piece + data[at + draw(2) * len(piece) :]


def _zeros(data: bytes, draw: Draw, places: Sequence[int]) -> bytes:
    """Zeros over some bytes, as a file has that was made longer and never written."""
    at, n = _at(len(data), draw, places), 1 + draw(600)
    return data[:at] + bytes(min(n, len(data) - at)) + data[at + n :]


def _number(data: bytes, draw: Draw, places: Sequence[int]) -> bytes:
    """Another number in place of 2, 4 or 8 bytes."""
    size = (2, 4, 8)[draw(3)]
    if len(data) < size:
        return data
    at = _at(len(data) - size, draw, places)
    value = NUMBERS[draw(len(NUMBERS))] & (256**size - 1)
    return data[:at] + struct.pack("<Q", value)[:size] + data[at + size :]


_ALL: tuple[Damage, ...] = (_flip, _flip, _cut, _insert, _remove, _repeat, _splice, _zeros, _number)
