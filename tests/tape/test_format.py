"""A tape is as `docs/formats/rpl.md` says: read here with `struct` and `pyarrow` by that page alone."""

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from qtg.tape import TapeReader, replay_tape
from tests.simulation.small import lively, start
from tests.tape.runs import TICKS, meddle, taped, with_guest

INPUTS = {1: "orders", 2: "news", 3: "regime", 4: "opening"}


def crc32c(data: bytes, crc: int = 0) -> int:
    """By its definition, with a table of 256."""
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def _entry(number: int) -> int:
    for _ in range(8):
        number = (number >> 1) ^ (0x82F63B78 if number & 1 else 0)
    return number


TABLE = [_entry(number) for number in range(256)]


def frames_of(data: bytes) -> list[tuple[int, bytes]]:
    """Kind and payload of each frame; everything that the page says about them holds."""
    magic, kind, version, zero, salt, first = struct.unpack_from("<8s4sHHIQ", data, 0)
    assert magic == bytes.fromhex("89 51 54 47 0D 0A 1A 0A")
    assert (kind, version, zero, first) == (b"TAPE", 1, 0, 1)
    assert struct.unpack_from("<I", data, 28)[0] == crc32c(data[:28])
    at, frames = 32, []
    while at < len(data):
        length, kind, zero, sequence = struct.unpack_from("<IHHQ", data, at)
        head_sum, payload_sum = struct.unpack_from("<II", data, at + 16)
        payload = data[at + 24 : at + 24 + length]
        assert (zero, sequence, len(payload)) == (0, len(frames) + 1, length)
        assert head_sum == crc32c(data[at : at + 16], salt)
        assert payload_sum == crc32c(payload, salt)
        frames.append((kind, payload))
        at += 24 + length
    assert at == len(data)
    return frames


def columns(payload: bytes, offset: int, table: list[list[str]]) -> pa.RecordBatch:
    """The function that the page shows."""
    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind, _ in table])
    message = pa.ipc.read_message(pa.py_buffer(payload[offset:]))
    return pa.ipc.read_record_batch(message, schema)


class Read:
    """What is on a tape, as another program sees it."""

    def __init__(self, data: bytes) -> None:
        (kind, start), *frames = frames_of(data)
        assert kind == 1
        self.header: dict[str, Any] = json.loads(start)
        self.inputs: list[tuple[int, int, str, list[dict[str, Any]]]] = []
        self.marks: list[tuple[int, int, int]] = []
        self.events: list[dict[str, Any]] = []
        self.ended = False
        for kind, payload in frames:
            assert not self.ended
            self._take(kind, payload)

    def _take(self, kind: int, payload: bytes) -> None:
        tables = self.header["tables"]
        tick = self.marks[-1][0] if self.marks else self.header["tick"]
        if kind == 2:
            sequence, when, what, zero, rows = struct.unpack_from("<QQHHI", payload)
            batch = columns(payload, 24, tables[INPUTS[what]])
            assert (sequence, zero, batch.num_rows) == (len(self.inputs) + 1, 0, rows)
            assert when in (tick + 1, tick + 2)
            self.inputs.append((sequence, when, INPUTS[what], batch.to_pylist()))
        elif kind == 5:
            when, rows, zero = struct.unpack_from("<QII", payload)
            batch = columns(payload, 16, tables["events"])
            assert (when, zero, batch.num_rows) == (tick + 1, 0, rows)
            self.events += batch.to_pylist()
        elif kind in (4, 6):
            mark = struct.unpack("<QQQ", payload)
            self.ended = kind == 6
            assert mark[0] == tick + (not self.ended)
            self.marks.append(mark)
        else:
            raise AssertionError(f"a frame of kind {kind}")


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    path = tmp_path_factory.mktemp("tapes") / "run.rpl"
    return path, taped(path, events=True, guest=True)


def test_crc32c_is_the_published_one() -> None:
    assert crc32c(b"123456789") == 0xE3069283


def test_another_program_reads_the_header(tape: tuple[Path, str]) -> None:
    header = Read(tape[0].read_bytes()).header
    config = lively(with_guest())
    assert header["config"] == config.model_dump(mode="json")
    canonical = json.dumps(header["config"], sort_keys=True, separators=(",", ":"))
    assert header["fingerprint"] == hashlib.sha256(canonical.encode()).hexdigest()
    assert header["symbols"] == [each.symbol for each in config.symbols]
    assert (header["tick"], header["sequence"], header["events"]) == (0, 0, [0])
    assert header["codes"]["Side"] == {"BUY": 1, "SELL": -1, "UNDISCLOSED": 7}


def test_another_program_reads_the_trace(tape: tuple[Path, str]) -> None:
    read = Read(tape[0].read_bytes())
    assert read.ended
    assert read.marks[-1] == read.marks[-2]
    assert f"{read.marks[-1][1]:016x}" == tape[1]
    assert [mark[0] for mark in read.marks[:-1]] == list(range(1, TICKS + 1))


def test_another_program_reads_the_events(tape: tuple[Path, str]) -> None:
    read = Read(tape[0].read_bytes())
    assert [each["sequence"] for each in read.events] == list(range(1, read.marks[-1][2] + 1))
    sim = start(lively(with_guest()))
    sim.open_account(int(sim.agents("guest")[0]), 5_000)
    meddle(sim, TICKS)
    last = [each for each in read.events if each["tick"] == TICKS]
    n = sim.exchange.n_events
    for name in ("order_id", "price", "qty", "leaves", "agent", "reason"):
        assert [each[name] for each in last] == getattr(sim.exchange.events, name)[:n].tolist()


def test_another_program_makes_the_run_again(tape: tuple[Path, str]) -> None:
    """Its inputs, given to a simulation by the public functions, make the same run."""
    from qtg import Config, Simulation
    from qtg.schemas import NewsKind, Regime

    read = Read(tape[0].read_bytes())
    sim = Simulation(Config(**read.header["config"]))
    for tick in range(1, TICKS + 1):
        for _, when, kind, rows in read.inputs:
            if when != tick:
                continue
            if kind == "orders":
                sim.submit({name: [row[name] for row in rows] for name in rows[0]})
            elif kind == "regime":
                sim.set_regime(Regime(rows[0]["regime"]).name.lower())
            elif kind == "opening":
                sim.open_account(rows[0]["agent"], rows[0]["cash"] / 10_000)
            else:
                (row,) = rows
                whose = {"symbol": sim.symbols[row["symbol"]]} if row["symbol"] >= 0 else {}
                numbers = {name: row[name] for name in ("surprise", "sentiment", "duration")}
                sim.inject_news(NewsKind(row["kind"]).name.lower(), **whose, **numbers)
        sim.step()
        assert int(sim.trace_hash, 16) == read.marks[tick - 1][1]
    assert sim.trace_hash == tape[1]


def test_a_tape_that_another_program_writes_is_read(tape: tuple[Path, str], tmp_path: Path) -> None:
    """With another salt, another program's Arrow, and a field of its own in the header."""
    (_, start), *frames = frames_of(tape[0].read_bytes())
    header = json.loads(start) | {"written_by": "somebody else"}
    tables = header["tables"]
    packed = [(1, json.dumps(header, indent=2).encode())]
    for kind, payload in frames:
        if kind in (2, 5):
            size = 24 if kind == 2 else 16
            name = INPUTS[struct.unpack_from("<H", payload, 16)[0]] if kind == 2 else "events"
            batch = columns(payload, size, tables[name])
            options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
            stream = pa.BufferOutputStream()
            with pa.ipc.new_stream(stream, batch.schema, options=options) as writer:
                writer.write_batch(batch)
            messages = pa.ipc.MessageReader.open_stream(stream.getvalue())
            assert messages.read_next_message().type == "schema"
            payload = payload[:size] + messages.read_next_message().serialize().to_pybytes()
        packed.append((kind, payload))
    head = struct.pack("<8s4sHHIQ", bytes.fromhex("895154470D0A1A0A"), b"TAPE", 1, 0, 4711, 1)
    data = head + struct.pack("<I", crc32c(head))
    for number, (kind, payload) in enumerate(packed, 1):
        start = struct.pack("<IHHQ", len(payload), kind, 0, number)
        data += start + struct.pack("<II", crc32c(start, 4711), crc32c(payload, 4711)) + payload
    (tmp_path / "theirs.rpl").write_bytes(data)
    assert replay_tape(tmp_path / "theirs.rpl").trace_hash == tape[1]


def test_the_page_names_what_the_header_holds(tape: tuple[Path, str]) -> None:
    page = (Path(__file__).parents[2] / "docs/formats/rpl.md").read_text(encoding="utf-8")
    for name in Read(tape[0].read_bytes()).header:
        assert f"`{name}`" in page, name


def test_a_short_tape_is_small(tmp_path: Path) -> None:
    sim = start(lively())
    from qtg.tape import TapeWriter

    with TapeWriter.attach(sim, tmp_path / "a.rpl"):
        sim.run(10)
        size = (tmp_path / "a.rpl").stat().st_size
    header = len(TapeReader(tmp_path / "a.rpl").header.to_bytes())
    assert size == 32 + (24 + header) + 10 * (24 + 24)
