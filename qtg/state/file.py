"""Snapshots as files: a header as JSON, then the arrays, framed with checksums."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from qtg.schemas import SCHEMA_VERSION

from ..config import Config
from ..errors import ConfigError, CorruptData, SnapshotError, StorageError, one_line
from ..frames import FrameReader, FrameWriter, checksum
from ..store.files import put_in_place, reason_of
from .capture import Snapshot

KIND, FORMAT_VERSION = b"SNAP", 1
HEADER, ARRAY = 1, 2  # kinds of frames
_PLAIN = re.compile(r"[<>|=]?[biufcSUmM][0-9]{1,6}(\[[0-9]*[a-zA-Z]+\])?")
_NONSENSE = (  # what comes of a header that says something that cannot be
    *(KeyError, IndexError, TypeError, ValueError, OverflowError),
    *(StopIteration, RecursionError),
)
_ARRAY = "array"  # what stands for an array in the header


def write_snapshot(path: str | Path, snapshot: Snapshot) -> int:
    """Write a snapshot; returns the bytes written. The file is whole or not there.

    Raises
    ------
    StorageError    it cannot be written
    """
    arrays: list[np.ndarray] = []
    state = _without_arrays(snapshot.state, arrays)
    header = {
        "schema_version": SCHEMA_VERSION,
        "qtg": _version(),
        "config": snapshot.config.model_dump(mode="json"),
        "fingerprint": snapshot.config.fingerprint(),
        "envs": list(snapshot.envs),
        "tick": snapshot.tick,
        "trace_hashes": snapshot.trace_hashes,
        "arrays": [[_written(array.dtype), list(array.shape)] for array in arrays],
        "state": state,
    }
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            start = json.dumps(header, separators=(",", ":")).encode()
            # No frame of another snapshot passes for one of this. And a salt of 0 would let ones
            # over a checksum and the zeros behind it pass for what was written.
            writer = FrameWriter(stream, KIND, FORMAT_VERSION, salt=checksum(start))
            writer.append(HEADER, start)
            for array in arrays:
                writer.append(ARRAY, array.tobytes())
        put_in_place(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StorageError(f"{path} cannot be written: {reason_of(error)}") from None
    return writer.nbytes


def read_snapshot(path: str | Path) -> Snapshot:
    """Read a snapshot.

    Raises
    ------
    StorageError     it cannot be read, or is another kind or version of file
    CorruptData      it is damaged or cut
    SnapshotError    it was written with other tables, or its header makes no sense
    """
    path = Path(path)
    try:
        with path.open("rb") as stream:
            return _read(stream, path.stat().st_size, str(path))
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {reason_of(error)}") from None


def _read(stream: BinaryIO, size: int, name: str) -> Snapshot:
    reader = FrameReader(stream, size, name, KIND, FORMAT_VERSION)
    frames = iter(reader)
    first = next(frames, None)
    if first is None or first.kind != HEADER:
        raise CorruptData("it has no header", name, reader.offset)
    try:
        header = json.loads(first.payload)
        schema = header["schema_version"]
        if schema != SCHEMA_VERSION:
            raise SnapshotError(
                f"{name} has schema version {one_line(schema)} (qtg {one_line(header['qtg'])}), "
                f"this qtg has {SCHEMA_VERSION}; open it with the qtg that wrote it"
            )
        arrays: list[np.ndarray] = []
        for dtype, shape in header["arrays"]:
            frame = next(frames, None)
            if frame is None:
                cut = reader.cut.offset if reader.cut else reader.offset
                raise CorruptData(
                    f"it is cut: {len(arrays)} of {len(header['arrays'])} arrays are there",
                    name,
                    cut,
                )
            arrays.append(_array(frame.payload, dtype, shape, name, frame.offset))
        if next(frames, None) is not None or reader.cut:
            raise CorruptData("more follows after the last array", name, reader.offset)
        config = Config(**header["config"])
        if config.fingerprint() != header["fingerprint"]:
            raise SnapshotError(
                f"{name}: its configuration does not have its fingerprint; open it with qtg "
                f"{one_line(header['qtg'])}"
            )
        if not all(type(n) is int and 0 <= n < 1 << 62 for n in (*header["envs"], header["tick"])):
            raise ValueError("envs and tick must be whole numbers")
        return Snapshot(
            config,
            tuple(header["envs"]),
            header["tick"],
            header["trace_hashes"],
            _with_arrays(header["state"], iter(arrays)),
        )
    except ConfigError as error:
        what = one_line(error, 500)
        raise SnapshotError(f"{name}: its configuration does not fit this qtg: {what}") from None
    except _NONSENSE as error:
        raise SnapshotError(
            f"{name}: its header makes no sense ({one_line(repr(error))})"
        ) from None


def _array(payload: bytes, dtype: Any, shape: Any, name: str, offset: int) -> np.ndarray:
    """An array of a frame, whose length must be that of the shape: nothing else is allocated."""
    kind = _dtype(dtype)
    if not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError(f"shape {shape}")
    nbytes = kind.itemsize
    for n in shape:
        nbytes *= n
    if nbytes != len(payload):
        raise CorruptData(f"an array of {nbytes:,} bytes has {len(payload):,}", name, offset)
    return np.frombuffer(payload, kind).reshape(shape)


def _written(dtype: np.dtype) -> Any:
    """A type as JSON."""
    if dtype.fields is None:
        return dtype.str
    fields = [[name, its[0].str, its[1]] for name, its in dtype.fields.items()]
    return {"fields": fields, "itemsize": dtype.itemsize}


def _dtype(written: Any) -> np.dtype:
    if isinstance(written, dict):
        names, formats, offsets = zip(*written["fields"], strict=True)
        return np.dtype(
            {
                "names": list(names),
                "formats": [_dtype(each) for each in formats],
                "offsets": list(offsets),
                "itemsize": written["itemsize"],
            }
        )
    if not isinstance(written, str) or not _PLAIN.fullmatch(written):
        raise ValueError(f"type {written!r}")
    return np.dtype(written)


def _without_arrays(state: Any, out: list[np.ndarray]) -> Any:
    """A state with `{"array": number}` for each array, which goes to `out`."""
    if isinstance(state, np.ndarray):
        out.append(state)
        return {_ARRAY: len(out) - 1}
    if isinstance(state, dict):
        return {name: _without_arrays(part, out) for name, part in state.items()}
    if isinstance(state, list):
        return [_without_arrays(part, out) for part in state]
    return state


def _with_arrays(state: Any, arrays: Iterator[np.ndarray]) -> Any:
    """The state again; the arrays come in the order in which they were taken out."""
    if isinstance(state, dict):
        if state.keys() == {_ARRAY}:
            return next(arrays)
        return {name: _with_arrays(part, arrays) for name, part in state.items()}
    return [_with_arrays(part, arrays) for part in state] if isinstance(state, list) else state


def _version() -> str:
    from .. import __version__

    return __version__
