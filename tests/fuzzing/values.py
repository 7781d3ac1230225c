"""JSON that is JSON, but says something else than it should."""

import json
from typing import Any

from .blind import Draw

JUNK: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 2**31, 2**62, 2**70, -(2**63), 1.5, float("nan"), float("inf")),
    *("", "x", "zz" * 8, "0" * 16, "\n", "<i8", "|O", "\ud800"),
    *([], [None], ["A"] * 3, [0, 1], [[]], {}, {"a": {}}, {"array": 0}),
)
ODD = (b"", b"[" * 100_000, b"[1]", b"1" * 5_000, b"\xff", b'{"a":1}', b"{}", b"null", b'{"a":')


def odd(payload: bytes, draw: Draw) -> bytes:
    """Another text in the place of one that is JSON."""
    if draw(20) == 0:
        return ODD[draw(len(ODD))]
    try:
        told = json.loads(payload)
    except (ValueError, RecursionError):
        return payload
    return json.dumps(changed(told, draw), separators=(",", ":")).encode()


def changed(value: Any, draw: Draw) -> Any:
    """A value with one part that is gone, twice, or something else; `value` stays as it is."""
    if not value or not isinstance(value, (dict, list)) or not draw(8):
        return JUNK[draw(len(JUNK))]
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = keys[draw(len(keys))]
    value = value.copy()
    action = draw(6)
    if action == 0:
        del value[key]
    elif action == 1:
        value[keys[draw(len(keys))]] = value[key]
    else:
        value[key] = changed(value[key], draw)
    return value
