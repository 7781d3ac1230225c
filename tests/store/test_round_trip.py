"""What is written comes back, from files and from memory alike."""

import time
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from qtg.result import open_run, result_of
from qtg.schemas import STORED, Candles, Instruments, Quotes, Trades, columns, taken
from qtg.schemas.arrow import is_optional
from qtg.store import MemorySink, RunWriter, Sink

from .tables import RUN, counted_trades, expected, random_table


def fill(sink: Sink, batches: int = 5) -> dict[str, Any]:
    """Write random batches of every table; returns what was written."""
    import numpy as np

    given: dict[str, Any] = {}
    for name, table in STORED.items():
        pieces = [random_table(table, 37 * i, seed=i) for i in range(batches)]
        for piece in pieces:
            sink.table(table).extend(piece)
        given[name] = table(*(np.concatenate(column) for column in zip(*pieces, strict=True)))
    return given


@pytest.mark.parametrize("name", STORED)
def test_every_table_comes_back_from_files_as_it_was_given(name: str, tmp_path: Path) -> None:
    with RunWriter(tmp_path / "run", **RUN, row_group=50) as sink:
        given = fill(sink)
        sink.close(trace_hash="ab", ticks=3)
    assert_frame_equal(open_run(tmp_path / "run").table(name, raw=True), expected(given[name]))


@pytest.mark.parametrize("name", STORED)
def test_every_table_comes_back_from_memory_as_it_was_given(name: str) -> None:
    sink = MemorySink(**RUN, row_group=50)
    given = fill(sink)
    sink.close(trace_hash="ab", ticks=3)
    assert_frame_equal(result_of(sink).table(name, raw=True), expected(given[name]))


@pytest.mark.parametrize("name", STORED)
@pytest.mark.parametrize("streamed", [True, False])
def test_every_table_comes_back_in_pieces_as_the_columns_that_it_was(
    name: str, streamed: bool, tmp_path: Path
) -> None:
    import numpy as np

    sink = (
        RunWriter(tmp_path / "run", **RUN, row_group=50, part_rows=150)
        if streamed
        else MemorySink(**RUN, row_group=50)
    )
    given = fill(sink)[name]
    nobody = random_table(STORED[name], 5)
    for column in columns(STORED[name]):
        if is_optional(column):
            getattr(nobody, column.name)[:] = -1
    sink.table(STORED[name]).extend(nobody)
    sink.close(trace_hash="ab", ticks=3)
    pieces = list(result_of(sink).chunks(name))
    assert len(pieces) > 1
    for written, more, *read in zip(given, nobody, *pieces, strict=True):
        expected = np.concatenate([written, more])
        found = np.concatenate(read)
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected)
        assert all(column.flags.writeable for column in read), "kernels take no other kind"


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    sizes=st.lists(st.integers(0, 300), min_size=1, max_size=20),
    row_group=st.integers(1, 200),
    flushes=st.sets(st.integers(0, 19)),
)
def test_streamed_equals_in_memory(
    sizes: list[int], row_group: int, flushes: set[int], tmp_path_factory: Any
) -> None:
    place = tmp_path_factory.mktemp("run") / "run"
    streamed = RunWriter(place, **RUN, row_group=row_group, part_rows=500)
    memory = MemorySink(**RUN, row_group=row_group)
    first = 0
    for step, n in enumerate(sizes):
        for sink in (streamed, memory):
            sink.table(Trades).extend(counted_trades(first, n))
            sink.table(Quotes).extend(random_table(Quotes, n // 7, seed=step))
            if step in flushes:
                sink.flush()
        first += n
    for sink in (streamed, memory):
        sink.close(trace_hash="ab", ticks=len(sizes))
    files, held = result_of(streamed), result_of(memory)
    assert files.trades["trade_id"].to_list() == list(range(first))
    for name in ("trades", "quotes"):
        assert_frame_equal(files.table(name), held.table(name))
        assert_frame_equal(files.table(name, raw=True), held.table(name, raw=True))
        query = f"select * from {name} order by all"
        assert_frame_equal(files.sql(query), held.sql(query))


def test_parts_carry_schema_version_seed_and_fingerprint(tmp_path: Path) -> None:
    with RunWriter(tmp_path / "run", **RUN) as sink:
        sink.table(Trades).extend(counted_trades(0, 10))
        sink.close()
    footer = pq.read_metadata(tmp_path / "run/trades/part-00000.parquet").metadata
    assert footer[b"qtg.schema_version"] == b"4"
    assert footer[b"qtg.seed"] == b"7"
    assert footer[b"qtg.fingerprint"] == b"1f2e"
    assert footer[b"qtg.table"] == b"trades"


def test_parts_hold_several_row_groups_and_the_manifest_counts_them(tmp_path: Path) -> None:
    with RunWriter(tmp_path / "run", **RUN, row_group=100, part_rows=300) as sink:
        for first in range(0, 1_000, 50):
            sink.table(Trades).extend(counted_trades(first, 50))
        sink.close()
    parts = sink.info.manifest
    assert [part.rows for part in parts] == [300, 300, 300, 100]
    assert [(part.first_tick, part.last_tick) for part in parts][:2] == [(0, 29), (30, 59)]
    for part in parts:
        file = tmp_path / "run" / part.path
        metadata = pq.read_metadata(file)
        assert file.stat().st_size == part.bytes
        assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [100] * (
            part.rows // 100
        )
        assert metadata.row_group(0).column(5).compression == "ZSTD"


def test_ticks_of_a_part_are_its_lowest_and_highest_also_when_unsorted(tmp_path: Path) -> None:
    rows = random_table(Candles, 4)
    rows.tick[:] = [45, 30, 15, 0]
    with RunWriter(tmp_path / "run", **RUN, row_group=2) as sink:
        for row in range(4):
            sink.table(Candles).extend(taken(rows, slice(row, row + 1)))
        sink.table(Instruments).extend(random_table(Instruments, 3))
        sink.close()
    ticks = {part.table: (part.first_tick, part.last_tick) for part in sink.info.manifest}
    assert ticks == {"candles": (0, 45), "instruments": (None, None)}


def test_flushed_rows_are_readable_while_the_run_goes_on(tmp_path: Path) -> None:
    sink = RunWriter(tmp_path / "run", **RUN)
    sink.table(Trades).extend(counted_trades(0, 70))
    sink.flush()
    sink.table(Trades).extend(counted_trades(70, 30))
    run = open_run(tmp_path / "run")
    assert run.status == "running/interrupted"
    assert run.trades["trade_id"].to_list() == list(range(70))
    sink.close()
    assert open_run(tmp_path / "run").trades.height == 100


def test_unfinished_parts_do_not_look_like_parts(tmp_path: Path) -> None:
    sink = RunWriter(tmp_path / "run", **RUN, row_group=10)
    sink.table(Trades).extend(counted_trades(0, 10))
    sink._writer.queue.join()
    assert [f.suffix for f in (tmp_path / "run/trades").iterdir()] == [".tmp"]
    sink.close()
    assert [f.suffix for f in (tmp_path / "run/trades").iterdir()] == [".parquet"]


def test_run_json_names_a_table_as_soon_as_it_is_asked_for(tmp_path: Path) -> None:
    sink = RunWriter(tmp_path / "run", **RUN)
    for table in (Trades, Quotes, Candles):
        sink.table(table)
        assert open_run(tmp_path / "run").tables[-1] in ("trades", "quotes", "candles")
    assert open_run(tmp_path / "run").tables == ["trades", "candles", "quotes"]
    sink.close()


def test_every_table_is_committed_after_a_while_of_its_own_accord(tmp_path: Path) -> None:
    sink = RunWriter(tmp_path / "run", **RUN)
    sink.table(Instruments).extend(random_table(Instruments, 3))
    sink.due = 0.0  # ten seconds have passed
    sink.table(Trades).extend(counted_trades(0, 10))
    sink._writer.queue.join()
    run = open_run(tmp_path / "run")
    assert (run.instruments.height, run.trades.height) == (3, 10)
    assert sink.due > time.monotonic() + 5
    sink.close()


def test_a_saved_memory_run_equals_it(tmp_path: Path) -> None:
    sink = MemorySink(**RUN, row_group=50)
    fill(sink)
    sink.close(trace_hash="ab", ticks=3)
    held = result_of(sink)
    saved = held.save(tmp_path / "saved")
    for name in STORED:
        assert_frame_equal(saved.table(name), held.table(name))
    assert (saved.status, saved.trace_hash, saved.config) == ("complete", "ab", RUN["config"])
    assert saved.info()["created"] == held.info()["created"]


def test_names_are_enums_in_the_order_of_the_run(tmp_path: Path) -> None:
    with RunWriter(tmp_path / "run", **RUN) as sink:
        sink.table(Trades).extend(counted_trades(0, 2))
        sink.close()
    schema = open_run(tmp_path / "run").trades.schema
    assert schema["symbol"] == pl.Enum(RUN["symbols"])
    assert schema["side"] == pl.Enum(["buy", "sell", "undisclosed"])
    assert schema["time"] == pl.Datetime("ns")
