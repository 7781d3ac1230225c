"""The events of a tape in other formats."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from qtg.config.spelling import did_you_mean
from qtg.errors import ConfigError, StorageError
from qtg.schemas import OrderEvents
from qtg.schemas.arrow import arrow_schema, table_to_arrow
from qtg.store.files import put_in_place, reason_of

from .choosing import ALL, Chosen
from .moments import Advance, moments
from .reader import TapeReader

if TYPE_CHECKING:
    import pyarrow as pa

    from qtg.result import Result

_ROWS = 1 << 17  # of a row group of Parquet
_TIME = "%Y-%m-%dT%H:%M:%S%.9f"


class TapeFormat(StrEnum):
    """What the events of a tape can be exported to."""

    PARQUET = "parquet"  # one file; money in units of 1e-4 as in a run directory
    CSV = "csv"  # one file; the same numbers
    LOBSTER = "lobster"  # message and order book files of lobsterdata.com, into a folder


def format_named(name: str) -> TapeFormat:
    """The format of that name.

    Raises
    ------
    ConfigError    there is none
    """
    known = [each.value for each in TapeFormat]
    if name not in known:
        raise ConfigError(f"no format {name!r}; {did_you_mean(name, known)}")
    return TapeFormat(name)


def export_tape(
    tape: TapeReader,
    out: str | Path,
    form: TapeFormat = TapeFormat.PARQUET,
    chosen: Chosen = ALL,
    *,
    levels: int = 10,
    advance: Advance = lambda: None,
) -> list[Path]:
    """Write the events of a tape; one without events is replayed.

    Parameters
    ----------
    tape : TapeReader
    out : path            a file, for LOBSTER a folder
    form : TapeFormat
    chosen : Chosen       which events; LOBSTER takes symbols only, as books need every event
    levels : int          of LOBSTER's order book
    advance : function    called after each tick

    Returns
    -------
    list of Path    the files

    Raises
    ------
    ConfigError                               the choice does not suit the format
    StorageError, CorruptData, ReplayError    the tape cannot be read, or the files not written
    """
    path = Path(out)
    if form == TapeFormat.LOBSTER:
        return _export_lobster(tape, path, chosen, levels, advance)
    tables = _tables(tape, chosen, advance)
    unfinished = path.with_name(path.name + ".tmp")
    try:
        if form == TapeFormat.CSV:
            _write_csv(tables, unfinished)
        else:
            _write_parquet(tables, unfinished, tape)
        put_in_place(unfinished, path, durable=False)
    except OSError as error:
        reason = f"{reason_of(error)}; choose another place"
        raise StorageError(f"cannot write {path}: {reason}") from None
    except ValueError as error:  # a code without a name, as that of an order that was refused
        raise StorageError(f"{tape.path} cannot be exported: {error}") from None
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return [path]


def tape_result(tape: TapeReader, *, advance: Advance = lambda: None) -> Result:
    """The events of a tape as the table `orders` of a run in memory, for frames and SQL."""
    from qtg.result import result_of
    from qtg.store import MemorySink

    header = tape.header
    sink = MemorySink(
        config=header.config,
        seed=header.seed,
        fingerprint=header.fingerprint,
        symbols=header.symbols,
        kinds=header.kinds,
    )
    mark = header.mark
    buffer = sink.table(OrderEvents)
    for moment in moments(tape, advance=advance):
        buffer.extend(moment.events)
        mark = moment.mark
    sink.close(trace_hash=f"{mark.hashes[0]:016x}", ticks=mark.tick)
    return result_of(sink)


def _export_lobster(
    tape: TapeReader, folder: Path, chosen: Chosen, levels: int, advance: Advance
) -> list[Path]:
    from qtg.lobster import export_lobster

    if chosen != Chosen(symbols=chosen.symbols):
        raise ConfigError("LOBSTER's books need every event; choose by symbol only")
    names = [tape.header.symbols[each] for each in chosen.symbols] or None
    return export_lobster(tape_result(tape, advance=advance), folder, symbols=names, levels=levels)


def _tables(tape: TapeReader, chosen: Chosen, advance: Advance) -> Iterator[pa.Table]:
    for moment in moments(tape, last=chosen.last, advance=advance):
        rows = chosen.rows(moment.events)
        if len(rows.tick):
            yield table_to_arrow(rows, tape.header.symbols, tape.header.kinds)


def _write_parquet(tables: Iterator[pa.Table], path: Path, tape: TapeReader) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    header = tape.header
    footer = {
        "qtg.table": "orders",
        "qtg.schema_version": str(header.schema_version),
        "qtg.seed": str(header.seed),
        "qtg.fingerprint": header.fingerprint,
    }
    schema = arrow_schema(OrderEvents, footer)
    waiting: list[pa.Table] = []
    with pq.ParquetWriter(str(path), schema, compression="zstd") as writer:
        for table in tables:
            waiting.append(table)
            if sum(each.num_rows for each in waiting) >= _ROWS:
                writer.write_table(pa.concat_tables(waiting).cast(schema))
                waiting = []
        if waiting:
            writer.write_table(pa.concat_tables(waiting).cast(schema))


def _write_csv(tables: Iterator[pa.Table], path: Path) -> None:
    import polars as pl

    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(",".join(OrderEvents._fields) + "\n")
        for table in tables:
            frame = pl.DataFrame(table)
            assert isinstance(frame, pl.DataFrame)
            stream.write(
                frame.write_csv(include_header=False, datetime_format="%Y-%m-%dT%H:%M:%S%.9f")
            )
