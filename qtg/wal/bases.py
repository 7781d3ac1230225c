"""Where a recovery starts: the newest good snapshot that a log names, or the start of the run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from qtg.errors import CorruptData, SnapshotError, StorageError
from qtg.state import read_snapshot
from qtg.store.cutting import cut_run
from qtg.tape.layout import unpack_mark

from .format import Record, RecordKind
from .reading import Contents
from .run_log import SnapshotMark

if TYPE_CHECKING:
    from qtg.state import Snapshot


class Base(NamedTuple):
    """What to go on from."""

    mark: SnapshotMark | None  # None is the start of the run
    snapshot: Snapshot | None
    start: int  # index of the first record behind it
    skipped: list[tuple[int, str]]  # ticks of newer snapshots, and why not they

    @property
    def rows(self) -> dict[str, int]:
        """Rows of each table at that moment."""
        return {} if self.mark is None else self.mark.rows


def marks_of(contents: Contents) -> Iterator[tuple[int, SnapshotMark]]:
    """The snapshots that a log names, oldest first, and the index of the record.

    Raises
    ------
    CorruptData    a record makes no sense
    """
    for index, record in enumerate(contents.records):
        if record.kind == RecordKind.SNAPSHOT:
            try:
                yield index, SnapshotMark.of(record.payload, record.sequence)
            except ValueError:
                raise CorruptData(
                    "a record of a snapshot makes no sense",
                    record.segment,
                    record.offset,
                    record.sequence,
                ) from None


def find_base(run: Path, contents: Contents, tables: bool) -> Base:
    """The newest snapshot that can be used.

    Parameters
    ----------
    run : path              the run directory
    contents : Contents     of its log
    tables : bool           the tables of the run are to go on as well, so that its parts must be
                            there up to the snapshot

    Raises
    ------
    StorageError    none can be used, and the log does not begin with the run
    """
    skipped: list[tuple[int, str]] = []
    for index, mark in reversed(list(marks_of(contents))):
        try:
            snapshot = _usable(run, contents, index, mark)
            if tables:
                cut_run(run, mark.rows)
        except StorageError as error:
            skipped.append((mark.tick, str(error)))
        else:
            return Base(mark, snapshot, index + 1, skipped)
    first = contents.records[0]
    if first.sequence != 1:
        why = f": {skipped[0][1]}" if skipped else ""
        raise StorageError(
            f"{run} has no snapshot that can be used{why}; its log begins with record "
            f"{first.sequence}, so restore a snapshot from a copy"
        )
    return Base(None, None, 0, skipped)


def _usable(run: Path, contents: Contents, index: int, mark: SnapshotMark) -> Snapshot:
    snapshot = read_snapshot(run / mark.file)
    if snapshot.config.fingerprint() != contents.fingerprint or snapshot.tick != mark.tick:
        raise SnapshotError(f"{run / mark.file} is the snapshot of another run or tick")
    tick = _tick_before(contents.records, index)
    if tick is not None:
        hashes = [f"{each:016x}" for each in unpack_mark(tick.payload, len(snapshot.envs)).hashes]
        if hashes != snapshot.trace_hashes:
            raise SnapshotError(f"{run / mark.file} has another trace hash than the log")
    return snapshot


def _tick_before(records: list[Record], index: int) -> Record | None:
    """The last TICK record before an index, if the log still has it."""
    return next((each for each in records[index::-1] if each.kind == RecordKind.TICK), None)
