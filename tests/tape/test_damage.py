"""Foreign, old, cut and damaged tapes: named errors with their place, and nothing misread."""

import json
import random
import struct
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from qtg.errors import ConfigError, CorruptData, StorageError
from qtg.inputs import Input
from qtg.tape import TapeReader, replay_tape
from tests.fuzzing.frames import sealed, split, starts_of
from tests.fuzzing.tapes import records_of, small_tape


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small tape with events."""
    path = tmp_path_factory.mktemp("tapes") / "whole.rpl"
    small_tape(path)
    return path


def test_a_tape_cut_at_any_byte_gives_what_is_whole(whole: Path, tmp_path: Path) -> None:
    data, truth = whole.read_bytes(), records_of(whole)
    starts, path = starts_of(split(data)), tmp_path / "cut.rpl"
    near = (start + more for start in starts[1:] for more in range(-2, 27, 4))
    sizes = sorted({*range(0, len(data), 97), *starts, *near} & {*range(len(data) + 1)})
    for size in sizes:
        path.write_bytes(data[:size])
        if size < starts[1]:
            with pytest.raises(StorageError, match="before its header does") as caught:
                TapeReader(path)
            assert not isinstance(caught.value, CorruptData)
            continue
        reader = TapeReader(path)
        assert reader.cut is None
        records = list(reader)
        assert len(records) == sum(start <= size for start in starts[2:])
        assert (reader.cut is None) == (size in starts)
        assert reader.ended == (size == len(data))
        if reader.cut is not None:
            assert reader.cut.offset in starts
            assert sum(reader.cut) == size
    path.write_bytes(data)
    assert records_of(path) == truth


def test_any_flipped_bit_behind_the_header_is_found(whole: Path, tmp_path: Path) -> None:
    data, path = whole.read_bytes(), tmp_path / "flipped.rpl"
    first = starts_of(split(data))[1]
    random_bits = random.Random(1).sample(range(8 * first, 8 * len(data)), 400)
    for bit in random_bits:
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        with pytest.raises(CorruptData) as caught:
            list(TapeReader(path))
        assert caught.value.offset <= bit // 8 < caught.value.offset + len(data)


def changed(whole: Path, out: Path, place: int, payload: bytes, kind: int | None = None) -> Path:
    """A tape with another payload in one frame, and right checksums."""
    frames = split(whole.read_bytes())
    frames[place] = (frames[place][0] if kind is None else kind, payload)
    out.write_bytes(sealed(frames))
    return out


def frame(whole: Path, kind: int, number: int = 0) -> tuple[int, bytes]:
    """Place and payload of the n-th frame of a kind."""
    frames = split(whole.read_bytes())
    place = [place for place, (what, _) in enumerate(frames) if what == kind][number]
    return place, frames[place][1]


@pytest.mark.parametrize(
    ("kind", "number", "at", "layout", "value", "says"),
    [
        (2, 1, 0, "<Q", 9, "input 9 follows input 1"),
        (2, 0, 8, "<Q", 7, "an input for tick 7 after tick 0"),
        (2, 0, 8, "<Q", 0, "an input for tick 0 after tick 0"),
        (2, 0, 16, "<H", 9, "no input is of kind 9"),
        (2, 0, 18, "<H", 1, "no input is of kind 1"),
        (2, 0, 20, "<I", 3, "a batch of 2 rows instead of 3"),
        (2, 0, 16, "<H", 2, "Arrow record batch"),
        (3, 0, 0, "<Q", 1, "input 1 is withdrawn, but it is not waiting"),
        (4, 1, 0, "<Q", 3, "tick 3 follows tick 1"),
        (4, 0, 16, "<Q", 9, "tick 1 has 9 events, the tape holds 3"),
        (5, 0, 0, "<Q", 2, "events of tick 2 after tick 0"),
        (5, 0, 8, "<I", 2, "a batch of 3 rows instead of 2"),
        (5, 0, 12, "<I", 1, "a reserved field is not zero"),
        (6, 0, 8, "<Q", 9, "the end does not agree"),
    ],
)
def test_a_wrong_number_is_named_with_its_place(
    whole: Path, tmp_path: Path, kind: int, number: int, at: int, layout: str, value: int, says: str
) -> None:
    place, payload = frame(whole, kind, number)
    wrong = bytearray(payload)
    struct.pack_into(layout, wrong, at, value)
    path = changed(whole, tmp_path / "wrong.rpl", place, bytes(wrong))
    with pytest.raises(CorruptData, match=says):
        records_of(path)


def test_the_place_is_that_of_the_frame(whole: Path, tmp_path: Path) -> None:
    place, payload = frame(whole, 4, 1)
    path = changed(whole, tmp_path / "wrong.rpl", place, payload[:-1])
    with pytest.raises(CorruptData, match="23 bytes instead of 24") as caught:
        list(TapeReader(path))
    assert caught.value.offset == starts_of(split(whole.read_bytes()))[place]
    assert (caught.value.file, caught.value.sequence) == (str(path), place + 1)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("symbol", 1, "wrong symbol"),
        ("exec_type", 77, "wrong exec_type"),
        ("tick", 5, "wrong tick"),
    ],
)
def test_events_that_cannot_be_are_refused(
    whole: Path, tmp_path: Path, column: str, value: int, says: str
) -> None:
    from qtg.tape.layout import pack_events, unpack_events

    place, payload = frame(whole, 5)
    columns = unpack_events(payload).columns()
    getattr(columns, column)[1] = value
    path = changed(whole, tmp_path / "wrong.rpl", place, pack_events(1, columns))
    with pytest.raises(CorruptData, match=f"row 1 of the events of tick 1 has a {says}"):
        records_of(path)


@pytest.mark.parametrize(
    ("number", "column", "value", "says"),
    [
        (0, "agent", 1, "orders of agent 1"),
        (1, "agent", 1, "agent 1 starts with"),
        (1, "cash", -1, "starts with -1"),
        (2, "kind", 9, "news of kind 9"),
        (2, "symbol", 1, "about symbol 1"),
        (2, "symbol", -1, "about symbol -1"),
        (2, "sector", 99, "sector 99"),
        (2, "surprise", float("inf"), "out of range"),
        (2, "sentiment", 1.5, "out of range"),
        (2, "duration", 0, "out of range"),
        (3, "regime", 9, "no regime has code 9"),
    ],
)
def test_inputs_that_no_run_would_have_taken_are_refused(
    whole: Path, tmp_path: Path, number: int, column: str, value: float, says: str
) -> None:
    from qtg.tape.layout import pack_input, unpack_input

    place, payload = frame(whole, 2, number)
    new = unpack_input(payload, symbols=1)
    getattr(new.columns, column)[0] = value
    path = changed(whole, tmp_path / "wrong.rpl", place, pack_input(new))
    with pytest.raises(CorruptData, match=says):
        records_of(path)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("schema_version", 1, "has schema version 1, this qtg reads"),
        ("schema_version", 99, "open it with qtg 0"),
        ("schema_version", "3\n", r"has schema version 3\\n, this qtg reads"),
        ("tables", {}, "another layout of columns"),
        ("codes", {"Side": {"BUY": 7}}, "codes that are unknown here"),
        ("codes", None, "codes that are unknown here"),
        ("seed", "x", "no usable seed"),
        ("envs", [], "no usable envs"),
        ("envs", [0, 1], "no usable envs"),
        ("hashes", ["g" * 16], "no usable hashes"),
        ("tick", -1, "no usable tick"),
        ("tick", 2**63 - 1, "no usable tick"),
        ("symbols", [], "no usable symbols"),
        ("config", [], "no usable config"),
    ],
)
def test_a_header_that_cannot_be_used_says_why(
    whole: Path, tmp_path: Path, name: str, value: Any, says: str
) -> None:
    place, payload = frame(whole, 1)
    told = json.dumps(json.loads(payload) | {name: value}).encode()
    with pytest.raises(StorageError, match=says):
        TapeReader(changed(whole, tmp_path / "wrong.rpl", place, told))


def test_codes_that_are_new_here_do_not_matter(whole: Path, tmp_path: Path) -> None:
    place, payload = frame(whole, 1)
    told = json.loads(payload)
    del told["codes"]["Reason"]["REQUESTED"]
    path = changed(whole, tmp_path / "older.rpl", place, json.dumps(told).encode())
    assert records_of(path) == records_of(whole)


def test_a_config_that_does_not_fit_is_refused_by_the_replay(whole: Path, tmp_path: Path) -> None:
    place, payload = frame(whole, 1)
    path = tmp_path / "wrong.rpl"
    for change, kind, says in (
        ({"seed": 8}, StorageError, "does not match its fingerprint"),
        ({"tick_ms": -1}, ConfigError, "cannot be used"),
        ({"a\nb": 1}, ConfigError, r"a\\nb: no such setting"),
        ({"smart": [{"kind": "my_own"}]}, ConfigError, "--strategies"),
    ):
        told = json.loads(payload)
        told["config"] |= change
        changed(whole, path, place, json.dumps(told).encode())
        assert records_of(path) == records_of(whole)
        with pytest.raises(kind, match=says):
            replay_tape(path)


def test_other_files_and_versions_are_refused(whole: Path, tmp_path: Path) -> None:
    frames, path = split(whole.read_bytes()), tmp_path / "other.rpl"
    for data, says in (
        (b"PAR1", "not a file of qtg's"),
        (b"", "ends at byte 0"),
        (sealed(frames, b"WLOG"), "of kind WLOG, not TAPE"),
        (sealed(frames, version=2), "format version 2, this qtg reads 1"),
        (sealed(frames, version=0), "format version 0"),
        (sealed(frames, first=7), "the first frame is no header"),
        (sealed(frames[1:]), "the first frame is no header"),
        (sealed([*frames, frames[-1]]), "something follows the end"),
    ):
        path.write_bytes(data)
        with pytest.raises(StorageError, match=says):
            list(TapeReader(path))
    with pytest.raises(StorageError, match="cannot be read: Is a directory"):
        TapeReader(tmp_path)


def test_a_batch_cannot_ask_for_memory(whole: Path, tmp_path: Path) -> None:
    """A compressed body says how long it is; that number would be allocated."""
    place, payload = frame(whole, 2, 3)
    batch = pa.record_batch({"regime": pa.array([1] * 100_000, pa.int8())})
    stream = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(stream, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    messages = pa.ipc.MessageReader.open_stream(stream.getvalue())
    messages.read_next_message()
    packed = bytearray(messages.read_next_message().serialize().to_pybytes())
    real = struct.pack("<q", 100_000)
    assert packed.count(real) > 1
    packed[packed.rindex(real) : packed.rindex(real) + 8] = struct.pack("<q", 1 << 40)
    path = changed(whole, tmp_path / "bomb.rpl", place, payload[:24] + bytes(packed))
    with pytest.raises(CorruptData, match="no plain record batch"):
        list(TapeReader(path))


def test_inputs_come_back_as_they_were_sent(whole: Path) -> None:
    inputs = [each.what for each in TapeReader(whole) if isinstance(each.what, Input)]
    assert [each.kind for each in inputs] == [1, 4, 2, 3, 3, 1, 1]
    assert inputs[0].columns.price.tolist() == [1_000_000] * 2
    assert inputs[0].columns.side.tolist() == [-1, 1]
    assert inputs[1].columns.cash.tolist() == [50_000_000]
    assert inputs[2].columns.surprise.tolist() == [0.1]
    assert inputs[4].columns.regime.tolist() == [3]
