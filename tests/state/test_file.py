"""Snapshot files: whole or refused, with a reason and a place."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qtg
from qtg.errors import CorruptData
from qtg.frames import FILE_BYTES, FRAME_BYTES, FrameReader, FrameWriter
from qtg.simulation import Simulation
from qtg.state import read_snapshot
from qtg.state.file import ARRAY, FORMAT_VERSION, HEADER, KIND
from tests.fuzzing.frames import split, starts_of
from tests.simulation.small import quiet

from .markets import own

pytestmark = pytest.mark.compiled


@pytest.fixture(scope="module")
def good(tmp_path_factory: Any) -> bytes:
    path: Path = tmp_path_factory.mktemp("good") / "s"
    Simulation(quiet()).run(5).snapshot(path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def place(tmp_path_factory: Any) -> Path:
    found: Path = tmp_path_factory.mktemp("bad") / "s"
    return found


def rewritten(data: bytes, path: Path, change: Any) -> None:
    """A file with right checksums whose header was changed by somebody."""
    source = path.with_suffix(".good")
    source.write_bytes(data)
    with source.open("rb") as stream:
        frames = list(FrameReader(stream, len(data), "good", KIND, FORMAT_VERSION))
    header = json.loads(frames[0].payload)
    arrays = [frame.payload for frame in frames[1:]]
    change(header, arrays)
    with path.open("wb") as stream:
        writer = FrameWriter(stream, KIND, FORMAT_VERSION, salt=1)
        writer.append(HEADER, json.dumps(header).encode())
        for payload in arrays:
            writer.append(ARRAY, payload)


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    sim = Simulation(quiet())
    sim.snapshot(tmp_path / "deep" / "s")
    sim.step().snapshot(tmp_path / "deep" / "s")
    assert [each.name for each in (tmp_path / "deep").iterdir()] == ["s"]
    assert read_snapshot(tmp_path / "deep" / "s").tick == 1


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    with pytest.raises(qtg.StorageError, match="cannot be written"):
        Simulation(quiet()).snapshot(tmp_path / "s")
    assert [each.name for each in tmp_path.iterdir()] == ["s"]


def test_a_cut_at_every_byte(good: bytes, place: Path) -> None:
    for length in {*range(600), *range(0, len(good), len(good) // 400)}:
        place.write_bytes(good[:length])
        with pytest.raises(CorruptData) as caught:
            Simulation.restore(place)
        assert caught.value.offset <= length


@given(at=st.integers(0, 10**9), bit=st.integers(0, 7))
@settings(max_examples=300)
def test_a_flip_of_any_bit(at: int, bit: int, good: bytes, place: Path) -> None:
    data = bytearray(good)
    data[at % len(data)] ^= 1 << bit
    place.write_bytes(data)
    with pytest.raises(qtg.StorageError):
        Simulation.restore(place)


def test_ones_over_a_checksum_and_the_zeros_behind_it(good: bytes, place: Path) -> None:
    """The CRC32C of four bytes of ones and then zeros is ones, if it starts from 0."""
    frames = split(good)
    zeros = [k for k, (_, payload) in enumerate(frames) if len(payload) > 7 and not any(payload)]
    assert len(zeros) > 5
    for k in zeros:
        at = starts_of(frames)[k] + FRAME_BYTES - 4
        place.write_bytes(good[:at] + b"\xff" * 8 + good[at + 8 :])
        with pytest.raises(CorruptData, match="does not match its checksum"):
            read_snapshot(place)


def test_a_frame_of_another_snapshot_is_not_taken(good: bytes, place: Path) -> None:
    sim = Simulation(quiet()).run(6)
    sim.snapshot(place)
    other = place.read_bytes()
    frames, others = split(good), split(other)
    assert [len(payload) for _, payload in frames[1:]] == [
        len(payload) for _, payload in others[1:]
    ]
    for k in range(1, len(frames)):
        start, end = starts_of(frames)[k : k + 2]
        behind = starts_of(others)[k]
        place.write_bytes(good[:start] + other[behind : behind + end - start] + good[end:])
        with pytest.raises(CorruptData, match="does not match its checksum"):
            read_snapshot(place)


def test_flips_in_the_header_one_by_one(good: bytes, place: Path) -> None:
    for at in range(FILE_BYTES + FRAME_BYTES):
        data = bytearray(good)
        data[at] ^= 4
        place.write_bytes(data)
        with pytest.raises(qtg.StorageError):
            read_snapshot(place)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"PAR1 and so on", "is not a file of qtg's"),
        (b"", "no header"),
        (b"\x89QTG\r\n\x1a\nTAPE", "no header"),
    ],
)
def test_foreign_files(data: bytes, says: str, place: Path) -> None:
    place.write_bytes(data)
    with pytest.raises(qtg.StorageError, match=says):
        Simulation.restore(place)


def test_another_kind_and_another_version(place: Path) -> None:
    for kind, version, says in ((b"TAPE", 1, "kind TAPE"), (KIND, 2, "format version 2")):
        with place.open("wb") as stream:
            FrameWriter(stream, kind, version, salt=1)
        with pytest.raises(qtg.StorageError, match=says):
            read_snapshot(place)


def _set(header: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    for name in above:
        header = header[int(name) if isinstance(header, list) else name]
    header[last if isinstance(header, dict) else int(last)] = value  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("schema_version", 1, "schema version 1"),
        ("schema_version", 99, "schema version 99"),
        ("schema_version", "1\n2", r"schema version 1\\n2"),
        ("config.seed", 12, "fingerprint"),
        ("config.a\nb", 12, r"a\\nb: no such setting"),
        ("config.nonsense", 1, "does not fit this qtg"),
        ("config", 3, "makes no sense"),
        ("arrays.0.1", [2**62, 2**62], "bytes has"),
        ("arrays.0.1", [-1], "makes no sense"),
        ("arrays.0.1", ["1"], "makes no sense"),
        ("arrays.0.0", "|O", "makes no sense"),
        ("arrays.0.0", "os.system", "makes no sense"),
        ("arrays.0.0", {"fields": [], "itemsize": 8}, "makes no sense"),
        ("arrays.0.0", {"fields": [["a", "<i8", 0]], "itemsize": 2**70}, "makes no sense"),
        ("arrays", [], "more follows"),
        ("envs", [0, 0], "more than once"),
        ("envs", [0, 1], "shape"),
        ("envs", "x", "whole numbers"),
        ("state", [], "has no population"),
        ("state.population", "x", "population is 'x'"),
        ("state.population", -1, "population is -1"),
        ("state.tick", "7", "tick is of type str"),
        ("state.exchange.venue.book.slots", 2**22, "slots is"),
        ("state.exchange.venue.book.slots", 1000, "power of two"),
        ("state.exchange.venue.book.words", 2**40, "words is"),
        ("state.exchange.opening", 3, "opening is of type int"),
        ("state.inputs.waiting", [{"sequence": 1}], "no tick"),
        ("state.inputs.waiting", 7, "makes no sense"),
        ("state.smart", [], "another length"),
        ("state.exchange.view.bid", None, "no array"),
    ],
)
def test_headers_that_somebody_changed(
    path: str, value: Any, says: str, good: bytes, place: Path
) -> None:
    rewritten(good, place, lambda header, _: _set(header, path, value))
    with pytest.raises(qtg.QtgError, match=says) as caught:
        Simulation.restore(place)
    assert str(caught.value).isprintable()


def test_arrays_of_another_length(good: bytes, place: Path) -> None:
    rewritten(good, place, lambda _, arrays: arrays.__setitem__(0, arrays[0] + b"x"))
    with pytest.raises(CorruptData, match="bytes has"):
        Simulation.restore(place)
    rewritten(good, place, lambda _, arrays: arrays.pop())
    with pytest.raises(CorruptData, match="it is cut"):
        Simulation.restore(place)
    rewritten(good, place, lambda _, arrays: arrays.append(b""))
    with pytest.raises(CorruptData, match="more follows"):
        Simulation.restore(place)


def test_books_that_point_nowhere(good: bytes, place: Path) -> None:
    """Right checksums, wrong rows: kernels would read beyond their columns."""
    sim = Simulation(own()).run(20)
    for table, column in (("orders", "next"), ("levels", "head"), ("timers", "tail")):
        from qtg.state import capture

        snapshot = capture(sim).kept()
        snapshot.state["exchange"]["venue"]["book"][table][column][..., 0] = 1 << 20
        with pytest.raises(qtg.SnapshotError, match=f"{table}.{column} names rows"):
            Simulation.restore(snapshot)
    assert Simulation.restore(capture(sim)).run(3).trace_hash == sim.run(3).trace_hash


def test_a_snapshot_of_another_configuration(tmp_path: Path) -> None:
    sim = Simulation(quiet()).run(3)
    sim.snapshot(tmp_path / "s")
    assert Simulation.restore(tmp_path / "s", config=quiet()).tick == 3
    with pytest.raises(qtg.SnapshotError, match="another configuration"):
        Simulation.restore(tmp_path / "s", config=quiet(seed=3))


def keeper(**kept: Any) -> Simulation:
    """A run of an agent that keeps these things."""

    @qtg.strategy("snap_keeps")
    class Keeps(qtg.Strategy):
        def on_start(self, ctx: qtg.AgentContext) -> None:
            for name, value in kept.items():
                setattr(self, name, value)

        def on_tick(self, ctx: qtg.AgentContext) -> None:
            pass

    return Simulation(quiet(smart=[{"kind": "snap_keeps", "count": 1}])).run(2)


@pytest.mark.parametrize(
    "value",
    [
        *(1, -1.5, "text", None, True, float("inf")),
        *([1, [2.0, None]], (1, "a"), {1: (2,), (3, 4): []}),
        *(np.int32(4), np.float64(0.1), np.arange(6).reshape(2, 3), np.array(["a", "bc"])),
    ],
)
def test_what_agents_may_keep(value: Any, tmp_path: Path) -> None:
    sim = keeper(thing=value)
    sim.snapshot(tmp_path / "s")
    again = Simulation.restore(tmp_path / "s").smart[0]._agents[0][0].thing  # type: ignore[attr-defined]
    assert type(again) is type(value)
    assert np.array_equal(again, value) if isinstance(value, np.ndarray) else again == value
    assert getattr(again, "dtype", None) == getattr(value, "dtype", None)


@pytest.mark.parametrize(
    ("value", "kind"),
    [({1, 2}, "set"), (lambda: 1, "function"), (open, "builtin"), ([object()], "object")],
)
def test_what_agents_may_not_keep(value: Any, kind: str, tmp_path: Path) -> None:
    with pytest.raises(qtg.SnapshotError, match=rf"Keeps.thing is of type {kind}"):
        keeper(thing=value).snapshot(tmp_path / "s")


def test_two_names_for_one_list(tmp_path: Path) -> None:
    shared: list[int] = []
    column = np.zeros(5)
    for one, other in ((shared, shared), (column, column[2:]), ([shared], (shared,))):
        with pytest.raises(qtg.SnapshotError, match="Keeps.b is the same"):
            keeper(a=one, b=other).snapshot(tmp_path / "s")


def test_a_class_can_say_itself_what_it_keeps(tmp_path: Path) -> None:
    @qtg.strategy("snap_own_way")
    class OwnWay(qtg.Strategy):
        def __init__(self) -> None:
            self.rng = np.random.default_rng(3)
            self.last = 0.0

        def state(self) -> Any:
            bits = self.rng.bit_generator.state
            return {"bits": json.dumps(bits), "last": self.last}

        def restore(self, state: Any) -> None:
            self.rng.bit_generator.state = json.loads(state["bits"])
            self.last = state["last"]

        def on_tick(self, ctx: qtg.AgentContext) -> None:
            self.last = self.rng.random()

    sim = Simulation(quiet(smart=[{"kind": "snap_own_way", "count": 2}])).run(4)
    sim.snapshot(tmp_path / "s")
    again = Simulation.restore(tmp_path / "s")
    lasts = [[each.last for each in s.run(3).smart[0]._agents[0]] for s in (sim, again)]  # type: ignore[attr-defined]
    assert lasts[0] == lasts[1]
