"""What the tick writes to."""

import time
from abc import ABC, abstractmethod
from contextlib import suppress
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

from qtg.errors import StorageError
from qtg.schemas import STORED

from .buffer import Chunk, TableBuffer
from .run_info import RunInfo

T = TypeVar("T", bound=NamedTuple)

ROW_GROUP = 61_440
LONGEST_PAUSE = 120.0
NAMES = {table: name for name, table in STORED.items()}


class Sink(ABC):
    """Takes the tables of one run.

    The tick asks for a buffer per table once and fills it every tick; `flush` makes everything
    so far readable; the run ends with `close` or `fail`. Used as a context manager, it fails with
    the exception that ended the block.

    Parameters
    ----------
    info : RunInfo            describes the run
    row_group : int           rows after which a table's rows are handed over
    commit_seconds : float    time after which all tables are committed; the pause grows with the
                              run (a twentieth of it, at most two minutes), so that a long run
                              does not leave thousands of small parts
    """

    def __init__(self, info: RunInfo, row_group: int, commit_seconds: float) -> None:
        if row_group < 1:
            raise StorageError(f"row_group must be at least 1, got {row_group}")
        self.info = info
        self._row_group = row_group
        self._commit_seconds = commit_seconds
        self._started = time.monotonic()
        self.due = self._started + commit_seconds
        self._buffers: dict[str, TableBuffer[Any]] = {}
        self._open = True

    def table(self, table: type[T]) -> TableBuffer[T]:
        """The buffer of a stored table; the run has this table from now on.

        Raises
        ------
        StorageError    the class is not in `qtg.schemas.STORED`, or the sink failed
        """
        self.check()
        name = NAMES.get(table)
        if name is None:
            raise StorageError(f"{table.__name__} is not a stored table; add it to schemas.STORED")
        if name not in self._buffers:
            self._buffers[name] = TableBuffer(table, self._row_group, self)
            self._announce(name)
        return self._buffers[name]

    def flush(self) -> None:
        """Make all rows so far readable; returns when they are.

        Raises
        ------
        StorageError    they cannot be written
        """
        self.check()
        for buffer in self._buffers.values():
            buffer.push(commit=True)

    def commit_due(self) -> None:
        """Commit all tables, without waiting, and set the time for the next commit."""
        now = time.monotonic()
        pause = min((now - self._started) / 20, LONGEST_PAUSE)
        self.due = now + max(pause, self._commit_seconds)
        for buffer in self._buffers.values():
            buffer.push_when_idle()

    def close(self, *, trace_hash: str | None = None, ticks: int | None = None) -> None:
        """End a complete run. Closing a sink that has ended does nothing.

        Raises
        ------
        StorageError    the rest cannot be written
        """
        if self._open:
            try:
                self.flush()
            except StorageError as error:
                self.fail(str(error), ticks=ticks)
                raise
            self._end("complete", None, trace_hash, ticks)

    def fail(self, reason: str, *, ticks: int | None = None) -> None:
        """End a run that stopped; what was written stays readable. Never raises StorageError."""
        if self._open:
            with suppress(StorageError):  # the sink's own failure is on record already
                self.flush()
            with suppress(StorageError):
                self._end("failed", reason, None, ticks)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if kind is not None:
            self.fail(f"{kind.__name__}: {error}".removesuffix(": "))
        else:
            self.fail("the run was left before it was closed")

    @property
    def waiting(self) -> int:
        """Chunks that wait to be written."""
        return 0

    def check(self) -> None:
        """Raise what went wrong earlier, if anything did."""
        if not self._open:
            raise StorageError("the run has ended; nothing can be added to it")

    @abstractmethod
    def take(self, chunk: Chunk) -> None:
        """Take rows over from a buffer."""

    @abstractmethod
    def _announce(self, name: str) -> None:
        """A table's first buffer was made."""

    @abstractmethod
    def _end(
        self, status: str, reason: str | None, trace_hash: str | None, ticks: int | None
    ) -> None:
        """Record how the run ended."""
