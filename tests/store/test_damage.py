"""Opening runs that somebody or something damaged."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qtg.errors import StorageError, StorageWarning
from qtg.result import Result, open_run
from qtg.schemas import SCHEMA_VERSION, Trades
from qtg.store import RunWriter
from qtg.store.run_info import FORMAT_VERSION

from .tables import RUN, counted_trades


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of three parts with 100 trades each."""
    with RunWriter(tmp_path / "run", **RUN, row_group=100, part_rows=100) as sink:
        for first in range(0, 300, 100):
            sink.table(Trades).extend(counted_trades(first, 100))
        sink.close(trace_hash="ab", ticks=30)
    return tmp_path / "run"


def middle(run: Path) -> Path:
    return run / "trades" / "part-00001.parquet"


def edit(run: Path, **changes: object) -> None:
    stored = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(stored | changes))


def test_a_truncated_part_is_named(run: Path) -> None:
    content = middle(run).read_bytes()
    middle(run).write_bytes(content[: len(content) // 2])
    with pytest.raises(StorageError, match=r"part-00001\.parquet is truncated.*skip_damaged=True"):
        open_run(run)


def test_a_part_cut_and_padded_to_its_size_is_named(run: Path) -> None:
    content = middle(run).read_bytes()
    middle(run).write_bytes(content[: len(content) // 2].ljust(len(content), b"\0"))
    with pytest.raises(StorageError, match=r"part-00001\.parquet cannot be read"):
        open_run(run)


def test_a_missing_part_is_named(run: Path) -> None:
    middle(run).unlink()
    with pytest.raises(StorageError, match=r"part-00001\.parquet is missing; restore it"):
        open_run(run)


def test_a_foreign_parquet_file_is_named(run: Path) -> None:
    pq.write_table(pa.table({"x": list(range(5_000))}), middle(run))
    with pytest.raises(StorageError, match=r"part-00001\.parquet is not the file that the run"):
        open_run(run)


def test_a_part_of_another_run_is_named_even_if_it_has_the_same_size(
    run: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    with RunWriter(other, **RUN | {"seed": 8}, row_group=100, part_rows=100) as sink:
        for first in range(0, 300, 100):
            sink.table(Trades).extend(counted_trades(first, 100))
        sink.close()
    assert middle(other).stat().st_size == middle(run).stat().st_size
    shutil.copy(middle(other), middle(run))
    with pytest.raises(StorageError, match=r"part-00001\.parquet belongs to something else"):
        open_run(run)


def test_damaged_parts_can_be_skipped(run: Path) -> None:
    middle(run).write_bytes(b"rubbish")
    with pytest.warns(StorageWarning, match=r"left out as damaged: trades/part-00001\.parquet"):
        trades = open_run(run, skip_damaged=True).trades
    assert trades["trade_id"].to_list() == [*range(100), *range(200, 300)]


READERS = {
    "frame": lambda opened: opened.trades,
    "raw": lambda opened: opened.table("trades", raw=True),
    "scan": lambda opened: opened.scan("trades"),
    "chunks": lambda opened: list(opened.chunks("trades")),
    "sql": lambda opened: opened.sql("select sum(qty) from raw.TRADES"),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_part_with_one_changed_bit_is_named_by_whatever_reads_it(
    run: Path, read: Callable[[Result], object]
) -> None:
    content = bytearray(middle(run).read_bytes())
    content[100] ^= 1
    middle(run).write_bytes(content)
    opened = open_run(run)
    with pytest.raises(StorageError, match=r"part-00001\.parquet is damaged: its bytes are not"):
        read(opened)
    with pytest.warns(StorageWarning, match="left out as damaged"):
        assert open_run(run, skip_damaged=True).trades.height == 200


def test_a_run_of_an_earlier_build_has_no_checksums_and_opens(run: Path) -> None:
    stored = json.loads((run / "run.json").read_text())
    for part in stored["manifest"]:
        assert isinstance(part.pop("crc32c"), int)
    edit(run, manifest=stored["manifest"])
    assert open_run(run).trades.height == 300


def test_files_that_are_not_in_the_manifest_are_ignored(run: Path) -> None:
    (run / "trades" / "part-00003.parquet").write_bytes(b"rubbish")
    shutil.copy(middle(run), run / "trades" / "copy.parquet")
    opened = open_run(run)
    assert opened.trades.height == 300
    assert opened.sql("select count(*) from trades").item() == 300


def test_a_directory_without_run_json_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"is not a run directory: it has no run\.json"):
        open_run(tmp_path)
    with pytest.raises(StorageError, match="is not a run directory"):
        open_run(tmp_path / "absent")


@pytest.mark.parametrize(
    ("what", "ours"), [("format_version", FORMAT_VERSION), ("schema_version", SCHEMA_VERSION)]
)
def test_another_version_is_refused_and_names_the_qtg_that_wrote_it(
    run: Path, what: str, ours: int
) -> None:
    edit(run, **{what: 99}, versions={"qtg": "9.9.9"})
    with pytest.raises(StorageError, match=f"{what} 99, this qtg reads {ours}; open it with qtg 9"):
        open_run(run)


@pytest.mark.parametrize("content", ["", "{", '{"format": "qtg-run"', "\x00\x01"])
def test_a_broken_run_json_is_named(run: Path, content: str) -> None:
    (run / "run.json").write_text(content)
    with pytest.raises(StorageError, match=r"run\.json is damaged"):
        open_run(run)


def test_an_incomplete_run_json_is_named(run: Path) -> None:
    edit(run, manifest=[{"table": "trades"}])
    with pytest.raises(StorageError, match=r"run\.json is incomplete"):
        open_run(run)


def test_a_manifest_may_not_point_outside_its_run(run: Path, tmp_path: Path) -> None:
    stored = json.loads((run / "run.json").read_text())
    stored["manifest"][0]["path"] = "../elsewhere.parquet"
    shutil.copy(run / "trades/part-00000.parquet", tmp_path / "elsewhere.parquet")
    (run / "run.json").write_text(json.dumps(stored))
    with pytest.raises(StorageError, match=r"run\.json is damaged.*elsewhere"):
        open_run(run)
