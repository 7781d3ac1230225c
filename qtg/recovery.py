"""`recover`: a run that was killed, as it was at its last committed tick, and on from there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from .config import Config
from .errors import CorruptData, StorageError
from .frames import Frame
from .progress import Progress
from .result import Result, open_run
from .run import run_on
from .simulation import Simulation
from .store import RunWriter
from .store.directory import LOG, SNAPSHOTS
from .store.files import reason_of
from .store.lock import RunLock
from .tape.header import Header, config_of, read_header
from .tape.layout import End
from .tape.reader import Order, Records
from .tape.reader import Record as Taped
from .tape.replaying import replay_ticks
from .wal.bases import Base, find_base, marks_of
from .wal.disk import Disk, RealDisk
from .wal.format import Record, RecordKind
from .wal.reading import Contents, read_log
from .wal.reopening import reopen
from .wal.report import Recovery
from .wal.run_log import RunLog, remove_snapshots


class Recovered:
    """A run that was recovered.

    Attributes
    ----------
    sim : Simulation        at the last committed tick, with the inputs that were waiting then
    report : Recovery       what was kept and what was not
    log : RunLog or None    goes on with the run's log; None unless the run goes on
    sink : RunWriter or None    likewise, with its tables
    """

    def __init__(
        self, sim: Simulation, report: Recovery, sink: RunWriter | None, log: RunLog | None
    ) -> None:
        self.sim, self.report, self.log = sim, report, log
        self.sink = sink

    def finish(self, progress: Progress | bool | None = None) -> Result:
        """Run to the configured end; tables and log are closed then.

        Raises
        ------
        StorageError    the run was recovered for reading only, or cannot be written
        """
        if self.report.complete:
            return open_run(self.report.path)
        if self.sink is None or self.log is None:
            raise StorageError("this run was recovered for reading; recover it with resume=True")
        with self.sink, self.log:
            run_on(self.sim, self.sink, self.log, progress)
        return open_run(self.sink.path)

    def close(self) -> None:
        """Stop here; the run can be recovered again."""
        if self.log is not None:
            self.log.close()
        if self.sink is not None:
            self.sink.fail("the run was left before it was closed")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()


class LogTape(Records):
    """The records of a log behind a base, as a tape gives them.

    Parameters
    ----------
    path : path          of the run
    header : Header      of the log, as of the base
    records : list       from the base on
    """

    def __init__(self, path: Path, header: Header, records: list[Record]) -> None:
        self.path, self.header = path / LOG, header
        self.ended = False
        self._run, self._records = path, records

    def __iter__(self) -> Iterator[Taped]:
        order = Order(self.header)
        for record in self._records:
            if record.kind in (RecordKind.HEADER, RecordKind.SNAPSHOT):
                continue
            frame = Frame(record.kind, record.sequence, record.offset, record.payload)
            try:
                what = order.take(frame)
            except ValueError as error:
                raise CorruptData(
                    str(error), str(self._run / record.segment), record.offset, record.sequence
                ) from None
            self.ended |= isinstance(what, End)
            yield Taped(what, record.sequence, record.offset)


def recover(
    path: str | Path,
    *,
    resume: bool = False,
    until: int | None = None,
    threads: int = 1,
    disk: Disk | None = None,
) -> Recovered:
    """A run that was killed, as it was at its last committed tick: from the last good snapshot and
    the log behind it, checked against the trace hash of every tick.

    Parameters
    ----------
    path : path              the run directory
    resume : bool            go on with the run: tables, log and snapshots are cut back to what was
                             recovered, and `sim` writes to them; otherwise nothing is changed
    until : int, optional    last record of the log to use; with `resume` the others are removed
    threads : int            for matching
    disk : Disk, optional    that has the log, in the place of the machine's: one that fails on
                             request; its log is made durable by whoever asks for it, not by a
                             thread, so that failures come in the same moments each time

    Raises
    ------
    CorruptData      something is damaged that was durable; says how to go on without it
    StorageError     there is no log, or nothing can be recovered from it; or `resume`, while
                     somebody else writes to the run
    ReplayError      the run differs from its log
    ConfigError      `until` is not in the log, or a strategy is not registered
    SnapshotError    see `Simulation.restore`
    """
    disk, by_itself = disk or RealDisk(path), disk is None
    if not (resume and Path(path).is_dir()):
        return _recover(Path(path), None, until, threads, disk, by_itself)
    with RunLock(Path(path)) as lock:
        return _recover(Path(path), lock, until, threads, disk, by_itself)


def _recover(
    run: Path, lock: RunLock | None, until: int | None, threads: int, disk: Disk, by_itself: bool
) -> Recovered:
    """`recover`; with a lock, the run is to go on."""
    try:
        contents = read_log(disk, until)
    except OSError as error:
        raise StorageError(f"the log of {run} cannot be read: {reason_of(error)}") from None
    except CorruptData as error:
        raise _with_place(error, run) from None
    if contents is None:
        raise StorageError(
            f"{run} has no log that can be read; it was not kept (durability.log), or the run was "
            "killed before its first tick: start it again"
        )
    header = _header(run, contents)
    complete = contents.records[-1].kind == RecordKind.END
    if complete:
        lock = None
    base = find_base(run, contents, tables=lock is not None)
    sim = _start(base, config_of(header, str(run / LOG)), threads)
    sink = None
    if lock is not None:
        sink = RunWriter.reopen(run, base.rows, lock, row_group=sim.config.storage.row_group)
        sim.publisher.attach(sim, sink, going_on=base.mark is not None)
    try:
        report = _replay(run, sim, contents, header, base, complete)
        log = None if sink is None else _go_on(run, disk, contents, base, sim, sink, by_itself)
    except BaseException as error:
        if sink is not None:
            sink.fail(f"{type(error).__name__}: {error}")
        raise
    return Recovered(sim, report, sink, log)


def _with_place(error: CorruptData, run: Path) -> CorruptData:
    """The same, with the whole path of the segment and the command that goes on without it."""
    error.file = str(run / error.file)
    error.args = (str(run / str(error)).replace("qtg recover RUN", f"qtg recover {run}"),)
    return error


def _header(run: Path, contents: Contents) -> Header:
    first = contents.records[0]
    return read_header(first.payload, str(run / first.segment), first.offset)


def _start(base: Base, config: Config, threads: int) -> Simulation:
    if base.snapshot is None:
        return Simulation(config, threads=threads)
    return Simulation.restore(base.snapshot, config=config, threads=threads)


def _replay(
    run: Path, sim: Simulation, contents: Contents, header: Header, base: Base, complete: bool
) -> Recovery:
    """Make the ticks behind the base again; says what was done."""
    start = sim.tick
    here = replace(
        header,
        tick=sim.tick,
        sequence=sim.inputs.sequence,
        hashes=sim.trace_hashes,
        events=sim.publisher.event_count.tolist(),
    )
    tape = LogTape(run, here, contents.records[base.start :])
    for _ in replay_ticks(tape, sim):
        pass
    return Recovery(
        path=str(run),
        complete=complete,
        tick=sim.tick,
        last_tick=sim.last_tick,
        trace_hash=sim.trace_hash,
        inputs=sim.inputs.sequence,
        waiting=sim.inputs.waiting,
        snapshot=None if base.mark is None else base.mark.tick,
        skipped=base.skipped,
        replayed=sim.tick - start,
        first=contents.records[0].sequence,
        last=contents.last,
        durable=contents.durable,
        torn=contents.torn,
        left_out=contents.left_out,
    )


def _go_on(
    run: Path,
    disk: Disk,
    contents: Contents,
    base: Base,
    sim: Simulation,
    sink: RunWriter,
    by_itself: bool,
) -> RunLog:
    """Go on with the log, and remove the snapshots behind the base: they are no good."""
    latest = 0 if base.mark is None else base.mark.tick
    marks = [mark for _, mark in marks_of(contents) if mark.tick <= latest]
    usable = [mark for mark in marks if (run / mark.file).exists()]
    named = {mark.file for mark in usable}
    others = [f"{SNAPSHOTS}/{name}" for name in disk.names(SNAPSHOTS)]
    remove_snapshots(run, [name for name in others if name not in named])
    settings = sim.config.durability
    try:
        log = reopen(
            disk,
            contents,
            contents.records[0].payload,
            fsync=settings.fsync,
            segment_bytes=settings.segment_bytes,
        )
    except OSError as error:
        raise StorageError(f"the log of {run} cannot go on: {reason_of(error)}") from None
    return RunLog(sim, sink, log, usable, by_itself)
