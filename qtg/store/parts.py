"""One Parquet file of a run: write it, and check it before it is read."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qtg.errors import StorageError
from qtg.schemas import columns
from qtg.schemas.arrow import arrow_schema, table_from_arrow, table_to_arrow

from .files import file_checksum, put_in_place, reason_of
from .run_info import Part, RunInfo

# These units hardly repeat, so that a dictionary would only cost time.
DISTINCT_UNITS = ("id", "cash", "elapsed")
ROWS_AT_ONCE = 1 << 20
BATCH_ROWS = 1 << 17


class PartWriter:
    """Writes one part under a temporary name and puts it in place when it is committed."""

    def __init__(self, directory: Path, name: str, number: int, info: RunInfo, table: type) -> None:
        self.rows = 0
        self.path = f"{name}/part-{number:05d}.parquet"
        self._name = name
        self._info = info
        self._final = directory / self.path
        self._temporary = self._final.with_name(self._final.name + ".tmp")
        self._ticks: list[int] = []
        self._final.parent.mkdir(exist_ok=True)
        schema = arrow_schema(table, info.footer(name))
        self._writer = pq.ParquetWriter(str(self._temporary), schema, **_encoding(table))

    def write(self, rows: Any) -> None:
        """Append a row group."""
        table = table_to_arrow(rows, self._info.symbols, self._info.kinds)
        self._writer.write_table(table, row_group_size=ROWS_AT_ONCE)
        self.rows += len(rows[0])
        if "tick" in rows._fields:
            self._ticks += [int(rows.tick.min()), int(rows.tick.max())]

    def commit(self) -> Part:
        """Finish the file and put it in place."""
        self._writer.close()
        size, crc32c = self._temporary.stat().st_size, file_checksum(self._temporary)
        put_in_place(self._temporary, self._final)
        first, last = min(self._ticks, default=None), max(self._ticks, default=None)
        return Part(self._name, self.path, self.rows, first, last, size, crc32c)

    def discard(self) -> None:
        """Remove the unfinished file."""
        with suppress(OSError, pa.ArrowException):
            self._writer.close()
        self._writer.is_open = False  # or its finalizer would try once more
        with suppress(OSError):
            self._temporary.unlink()


def check_part(directory: Path, part: Part, info: RunInfo) -> None:
    """Raise a StorageError unless the file is whole and belongs to this run."""
    file = directory / part.path
    try:
        size = file.stat().st_size
        metadata = pq.read_metadata(file) if size == part.bytes else None
    except FileNotFoundError:
        raise _damaged(file, "is missing") from None
    except (OSError, pa.ArrowException) as error:
        raise _damaged(file, f"cannot be read ({reason_of(error)})") from None
    if metadata is None:
        cut = size < part.bytes and not _is_parquet(file)
        what = "is truncated" if cut else "is not the file that the run wrote"
        raise _damaged(file, f"{what} ({size:,} bytes instead of {part.bytes:,})")
    footer = metadata.metadata or {}
    ours = {key.encode(): value.encode() for key, value in info.footer(part.table).items()}
    if metadata.num_rows != part.rows or any(footer.get(k) != v for k, v in ours.items()):
        raise _damaged(file, "belongs to something else than this run")


def check_contents(directory: Path, part: Part) -> None:
    """Raise a StorageError unless the file holds, byte by byte, what the run wrote."""
    file = directory / part.path
    try:
        wrong = part.crc32c is not None and file_checksum(file) != part.crc32c
    except OSError as error:
        raise _damaged(file, f"cannot be read ({reason_of(error)})") from None
    if wrong:
        raise _damaged(file, "is damaged: its bytes are not those that the run wrote")


def _is_parquet(file: Path) -> bool:
    try:
        pq.read_metadata(file)
    except (OSError, pa.ArrowException):
        return False
    return True


def read_part(file: str, table: type, info: RunInfo) -> Iterator[Any]:
    """The rows of a part as columns, about a row group at a time."""
    with pq.ParquetFile(file) as part:
        for batch in part.iter_batches(BATCH_ROWS):
            yield table_from_arrow(batch, table, info.symbols, info.kinds)


def _damaged(file: Path, what: str) -> StorageError:
    return StorageError(
        f"{file} {what}; restore it from a copy, or read the rest with "
        "open_run(..., skip_damaged=True)"
    )


def _encoding(table: type) -> dict[str, Any]:
    """Writer options by column: names and numbers that repeat as a dictionary, others as deltas."""
    declared = columns(table)
    # Names take a few packed bits per row, which zstd does not make smaller.
    names = [f.name for f in arrow_schema(table) if pa.types.is_dictionary(f.type)]
    numbers = [column.name for column in declared if column.name not in names]
    deltas = [column.name for column in declared if column.unit in DISTINCT_UNITS]
    return {
        "use_dictionary": [column.name for column in declared if column.name not in deltas],
        "column_encoding": dict.fromkeys(deltas, "DELTA_BINARY_PACKED"),
        "compression": dict.fromkeys(numbers, "ZSTD") | dict.fromkeys(names, "NONE"),
        "compression_level": dict.fromkeys(numbers, 1),
        "write_statistics": numbers,
    }
