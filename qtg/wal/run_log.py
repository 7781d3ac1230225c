"""The log of a running market: what comes in, the end of each tick, snapshots."""

from __future__ import annotations

import json
import logging
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from qtg.config.durability import Fsync
from qtg.errors import ConfigError, SnapshotError, StorageError
from qtg.state import capture, write_snapshot
from qtg.store import RunWriter
from qtg.store.directory import SNAPSHOTS
from qtg.store.files import reason_of
from qtg.tape.header import header_of
from qtg.tape.layout import pack_input, pack_mark, pack_withdrawn

from .disk import Disk, RealDisk
from .format import RecordKind
from .group import GroupCommit
from .log import Log

if TYPE_CHECKING:
    from qtg.inputs import Input
    from qtg.simulation import Simulation
    from qtg.store import Sink

_LOG = logging.getLogger("qtg")


class SnapshotMark(NamedTuple):
    """What a SNAPSHOT record says."""

    tick: int
    rows: dict[str, int]  # of each table, all committed
    sequence: int  # of the record

    @property
    def file(self) -> str:
        """Name of the snapshot in the run directory."""
        return f"{SNAPSHOTS}/{self.tick}.snap"

    def to_bytes(self) -> bytes:
        """The payload of the record."""
        return json.dumps({"tick": self.tick, "rows": self.rows}).encode()

    @classmethod
    def of(cls, payload: bytes, sequence: int) -> SnapshotMark:
        """From a payload; raises ValueError if it is none."""
        try:
            told = json.loads(payload)
            tick, rows = told["tick"], dict(told["rows"])
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError(f"no record of a snapshot: {error!r}") from None
        if not all(type(n) is int and 0 <= n < 1 << 62 for n in (tick, *rows.values())):
            raise ValueError("tick and rows must be whole numbers")
        return cls(tick, rows, sequence)


class RunLog:
    """Writes the log and the snapshots of a simulation from now on.

    An input is acknowledged when `acknowledged` has reached its number; a tick is committed when
    `committed` has. Both follow by themselves, within `durability.group_ms` under `group`;
    `commit` waits for it.

    Parameters
    ----------
    sim : Simulation
    sink : RunWriter                  holds all rows of the run so far
    log : Log                         stands where the simulation does
    snapshots : list of SnapshotMark  that are in place, oldest first
    by_itself : bool                  a thread makes records durable; else only `commit` and what
                                      the log is asked for do
    """

    def __init__(
        self,
        sim: Simulation,
        sink: RunWriter,
        log: Log,
        snapshots: list[SnapshotMark] | None = None,
        by_itself: bool = True,
    ) -> None:
        self.log = log
        self.acknowledged, self.committed = sim.inputs.sequence, sim.tick
        self._sim, self._sink = sim, sink
        self._lock = sink.lock.hold()
        self._settings = sim.config.durability
        self._snapshots = list(snapshots or [])
        self._takes_snapshots = True
        self._last = sim.inputs.sequence  # input in the log that was not withdrawn
        self._inputs: deque[tuple[int, int]] = deque()  # record and input, not acknowledged yet
        self._ticks: deque[tuple[int, int]] = deque()  # record and tick, not committed yet
        self._open = True
        sim.inputs.taps.append(self._hear)
        sim.observers.append(self._end_tick)
        self._group = GroupCommit(log, self._settings.group_ms)
        if by_itself:
            self._group.start()

    @classmethod
    def begin(cls, sim: Simulation, sink: Sink, disk: Disk | None = None) -> RunLog:
        """The log of a run that starts now; see `recover` for `disk`.

        Raises
        ------
        ConfigError     the run has no directory
        StorageError    the log cannot be written
        """
        if not isinstance(sink, RunWriter):
            raise ConfigError("a log needs a run directory; give `out`, or set durability.log off")
        settings = sim.config.durability
        try:
            log = Log(
                disk or RealDisk(sink.path),
                sim.config.fingerprint(),
                header_of(sim).to_bytes(),
                fsync=settings.fsync,
                segment_bytes=settings.segment_bytes,
            )
        except OSError as error:
            raise StorageError(
                f"no log can be written to {sink.path}: {reason_of(error)}"
            ) from None
        return cls(sim, sink, log, by_itself=disk is None)

    def commit(self) -> None:
        """Make every input and tick so far durable.

        Raises
        ------
        StorageError    it cannot be done; the log ended
        """
        self._withdraw()
        self.log.commit()
        self.update()

    def update(self) -> None:
        """Bring `acknowledged` and `committed` up to what is durable by now."""
        durable = self.log.durable
        while self._inputs and self._inputs[0][0] <= durable:
            self.acknowledged = self._inputs.popleft()[1]
        while self._ticks and self._ticks[0][0] <= durable:
            self.committed = self._ticks.popleft()[1]

    def snapshot(self) -> None:
        """Put a snapshot in place, and forget what nobody needs any more.

        The log is durable up to here before, and all rows of the tables are, so that a run that is
        continued from this snapshot needs nothing that could be missing.

        Raises
        ------
        StorageError    it cannot be written
        """
        sim = self._sim
        self.commit()
        self._sink.flush()
        mark = SnapshotMark(sim.tick, self._sink.rows(), 0)
        write_snapshot(self._sink.path / mark.file, capture(sim))
        sequence = self.log.append(RecordKind.SNAPSHOT, mark.to_bytes())
        self.log.commit()
        self._snapshots.append(mark._replace(sequence=sequence))
        self._forget()

    def finish(self) -> None:
        """Say in the log that the run ended, and close it."""
        self._withdraw()
        self.log.append(RecordKind.END, self._mark())
        self.close()

    def close(self) -> None:
        """Commit, and stop listening. A second time does nothing."""
        if not self._open:
            return
        self._open = False
        self._sim.inputs.taps.remove(self._hear)
        self._sim.observers.remove(self._end_tick)
        self._group.stop()
        try:
            self.log.close()
        finally:
            self._lock.release()
        self.update()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        try:
            self.close()
        except StorageError:
            if kind is None:
                raise

    def _hear(self, new: Input) -> None:
        self._withdraw()
        sequence = self.log.append(RecordKind.INPUT, pack_input(new))
        self._inputs.append((sequence, new.sequence))
        self._last = new.sequence
        if self.log.fsync is Fsync.ALWAYS:
            self.update()

    def _withdraw(self) -> None:
        """Take back an input that somebody who was told after us refused."""
        if self._last > self._sim.inputs.sequence:
            self.log.append(RecordKind.WITHDRAWN, pack_withdrawn(self._last))
            self._last = self._sim.inputs.sequence

    def _end_tick(self, sim: Simulation) -> None:
        self._withdraw()
        self._ticks.append((self.log.append(RecordKind.TICK, self._mark()), sim.tick))
        self.update()
        every = self._settings.snapshot_every
        if every and sim.tick % every == 0 and self._takes_snapshots:
            try:
                self.snapshot()
            except SnapshotError as error:
                self._takes_snapshots = False
                _LOG.warning("no snapshots are taken, the log is kept whole: %s", error)

    def _mark(self) -> bytes:
        of = self._sim.publisher
        return pack_mark(self._sim.tick, of.trace.tolist(), of.event_count.tolist())

    def _forget(self) -> None:
        """Remove snapshots that are too many, and the log before the oldest that is left."""
        keep = self._settings.keep_snapshots
        gone, self._snapshots = self._snapshots[:-keep], self._snapshots[-keep:]
        remove_snapshots(self._sink.path, [mark.file for mark in gone])
        if len(self._snapshots) == keep:
            self.log.compact(self._snapshots[0].sequence)


def remove_snapshots(run: Path, names: list[str]) -> None:
    """Remove snapshots of a run, if they are there.

    Raises
    ------
    StorageError    they cannot be removed
    """
    try:
        for name in names:
            (run / name).unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{run / name} cannot be removed: {reason_of(error)}") from None
