"""The writing side of a log: records become durable in groups."""

import threading
import time
from contextlib import suppress
from itertools import pairwise

from qtg.config.durability import Fsync
from qtg.errors import StorageError
from qtg.frames import FrameWriter
from qtg.store.directory import LOG

from .disk import Disk, File
from .format import (
    MARK,
    SEGMENT,
    VERSION,
    RecordKind,
    mark_bytes,
    payload_of,
    salt_of,
    segment_name,
)

SEGMENT_BYTES = 16 << 20
MOST_WAITING = 4 << 20  # bytes; whoever appends more writes them out


class Log:
    """An append-only log in segments.

    Records are numbered 1, 2, 3, ... in the order of `append` and are acknowledged when `durable`
    has reached their number, never before. Any thread may call anything.

    A write or sync that fails ends the log: what the disk holds of that group is unknown, and a
    second sync would say nothing about the first. `durable` stays where it is; everything that
    follows raises.

    Parameters
    ----------
    disk : Disk
    fingerprint : str       of the run's configuration
    header : bytes          goes into the first record of each segment
    fsync : Fsync           when records become durable
    segment_bytes : int     of records in a segment, after which the next one begins
    number, first : int     of the first segment, and of its first record

    Attributes
    ----------
    sequence : int          of the last record
    durable : int           of the last one that is durable
    failure : str or None   why the log ended
    """

    def __init__(
        self,
        disk: Disk,
        fingerprint: str,
        header: bytes,
        *,
        fsync: Fsync = Fsync.GROUP,
        segment_bytes: int = SEGMENT_BYTES,
        number: int = 1,
        first: int = 1,
    ) -> None:
        self.fsync = fsync
        self.durable = first - 1
        self.failure: str | None = None
        self._disk, self._fingerprint, self._header = disk, fingerprint, header
        self._segment_bytes = segment_bytes
        self._appending = threading.RLock()
        self._flushing = threading.Lock()
        self._became_durable = threading.Condition()
        self._file: File | None = None
        self._mark: File | None = None
        self._open, self._in_folder = 0, False  # number of the open file; whether it is found again
        self._number = number - 1
        self._firsts: dict[int, int] = {}  # first sequence by segment
        self._new_segment(first)
        self.flush(sync=True)

    @property
    def sequence(self) -> int:
        """Number of the last record."""
        return self._writer.sequence

    def append(self, kind: RecordKind, payload: bytes) -> int:
        """Add a record; returns its number.

        Raises
        ------
        StorageError    the log ended, or the record cannot be written
        """
        with self._appending:
            self._check()
            sequence = self._writer.append(kind, payload_of(self.durable, payload))
            full = self._waiting.nbytes >= MOST_WAITING
        if full or self.fsync is Fsync.ALWAYS:
            self.flush()
        return sequence

    def flush(self, sync: bool | None = None) -> int:
        """Write everything that waits, and sync it; returns `durable`.

        Parameters
        ----------
        sync : bool, optional    by the policy if left out: `off` only writes

        Raises
        ------
        StorageError    it cannot be done; the log ended
        """
        with self._flushing:
            with self._appending:
                self._check()
                number, data, last = self._number, self._waiting.take(), self._writer.sequence
                full = self._writer.nbytes >= self._full_at
                if full:
                    self._new_segment(last + 1)
            # The last group of a full segment is synced by any policy: then damage that is not in
            # the last segment never is what a crash left.
            wanted = full or (self.fsync is not Fsync.OFF if sync is None else sync)
            try:
                self._write(number, data)
                if wanted and last > self.durable:
                    self._sync(last)
            except OSError as error:
                self.fail(f"the log cannot be written: {error.strerror or error}")
            except BaseException:
                self.fail("writing the log was interrupted")
                raise
            self._check()
        return self.durable

    def commit(self) -> int:
        """Make everything so far durable, whatever the policy; returns `durable`.

        Raises
        ------
        StorageError    it cannot be done; the log ended
        """
        return self.flush(sync=True)

    def wait(self, sequence: int, timeout: float | None = None) -> bool:
        """Wait until a record is durable; whether it is.

        Raises
        ------
        StorageError    the log ended before that
        """
        until = None if timeout is None else time.monotonic() + timeout
        with self._became_durable:
            while self.durable < sequence:
                self._check()
                left = None if until is None else until - time.monotonic()
                if (left is not None and left <= 0) or not self._became_durable.wait(left):
                    break
        return self.durable >= sequence

    @property
    def waiting(self) -> bool:
        """Whether anything is not durable yet."""
        return self.durable < self._writer.sequence

    def compact(self, keep: int) -> list[str]:
        """Remove the segments that end before record `keep`; returns their names.

        Raises
        ------
        StorageError    a file cannot be removed
        """
        with self._flushing:
            firsts = sorted(self._firsts.items())
            gone = [
                number
                for (number, _), (_, next_first) in pairwise(firsts)
                if next_first <= keep and number < self._number
            ]
            try:
                for number in gone:
                    self._disk.remove(segment_name(number))
                    del self._firsts[number]
                    # One after the other, so that no power failure leaves a gap.
                    self._disk.sync_folder(LOG)
            except OSError as error:
                self.fail(f"old segments cannot be removed: {error.strerror or error}")
                self._check()
        return [segment_name(number) for number in gone]

    def know(self, firsts: dict[int, int]) -> None:
        """Tell the log of older segments, by number their first record, for `compact`."""
        self._firsts |= firsts

    def fail(self, reason: str) -> None:
        """End the log; the first reason stays."""
        self.failure = self.failure or reason
        with self._became_durable:
            self._became_durable.notify_all()

    def close(self) -> None:
        """Commit and end the log; a log that failed is only given back. Twice does nothing."""
        try:
            if self.failure is None:
                self.commit()
                if self._mark is not None:
                    with suppress(OSError):
                        self._mark.sync()
        finally:
            self.fail("the log was closed")
            for file in (self._file, self._mark):
                if file is not None:
                    with suppress(OSError):
                        file.close()
            self._file = self._mark = None

    def _check(self) -> None:
        if self.failure is not None:
            raise StorageError(
                f"{self.failure}; what was acknowledged is safe, go on with qtg recover"
            )

    def _new_segment(self, first: int) -> None:
        """Collect for a new segment; its file is made when the first bytes are written."""
        self._number += 1
        self._waiting = Waiting()
        salt = salt_of(self._fingerprint, self._number)
        self._writer = FrameWriter(self._waiting, SEGMENT, VERSION, first=first, salt=salt)  # type: ignore[arg-type]
        self._writer.append(RecordKind.HEADER, payload_of(self.durable, self._header))
        self._firsts[self._number] = first
        self._full_at = self._writer.nbytes + self._segment_bytes

    def _write(self, number: int, data: bytes) -> None:
        if not data:
            return
        if self._file is None or self._open != number:
            if self._file is not None:
                self._file.close()
            self._open = number
            self._file = self._disk.create(segment_name(number))
            self._in_folder = False
        self._file.write(data)

    def _sync(self, last: int) -> None:
        assert self._file is not None
        self._file.sync()
        if not self._in_folder:
            if self._mark is None:
                self._mark = self._disk.create(MARK)
            self._disk.sync_folder(LOG)
            self._in_folder = True
        assert self._mark is not None
        self._mark.write_at(0, mark_bytes(last, self._fingerprint))
        with self._became_durable:
            self.durable = last
            self._became_durable.notify_all()


class Waiting:
    """The stream of a segment: bytes that are not written yet."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.nbytes = 0

    def write(self, data: bytes) -> int:
        """Add bytes."""
        self._pieces.append(data)
        self.nbytes += len(data)
        return len(data)

    def take(self) -> bytes:
        """Hand all bytes over."""
        data = b"".join(self._pieces)
        self._pieces, self.nbytes = [], 0
        return data
