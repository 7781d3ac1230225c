"""The sink that streams a run to a run directory."""

import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from qtg.errors import StorageError

from .buffer import Chunk
from .cutting import cut_run, remove_unlisted
from .directory import make_run_directory
from .files import reason_of
from .lock import RunLock
from .run_info import new_run
from .sink import ROW_GROUP, Sink
from .writer import Writer

PART_ROWS = 4_000_000
COMMIT_SECONDS = 10.0


class RunWriter(Sink):
    """Writes the tables of a run as Parquet, from a thread of its own.

    Parameters
    ----------
    path : path               the run directory; made with its parents
    config : dict             the run's configuration, as it goes into run.json
    seed : int
    fingerprint : str         of the configuration; each part carries it
    symbols, kinds : list of str, names by row
    row_group : int           rows per row group, about
    part_rows : int           rows after which a part is committed
    commit_seconds : float    time after which every table is committed, see `Sink`
    overwrite : bool          whether an earlier run may be replaced

    Attributes
    ----------
    lock : RunLock    held until the writer ends, or whoever else holds it

    Raises
    ------
    StorageError    the directory exists, somebody writes to it, or it cannot be written

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from qtg.schemas import Trades, allocate
    >>> place = tempfile.TemporaryDirectory()
    >>> run = RunWriter(
    ...     place.name, config={"ticks": 1}, seed=7, fingerprint="1f", symbols=["AAPL"]
    ... )
    >>> run.table(Trades).extend(allocate(Trades, 3)._replace(side=np.ones(3, np.int8)))
    >>> run.close(trace_hash="00", ticks=1)
    >>> [part.path for part in run.info.manifest]
    ['trades/part-00000.parquet']
    >>> place.cleanup()
    """

    def __init__(
        self,
        path: str | Path,
        *,
        config: dict[str, Any],
        seed: int,
        fingerprint: str,
        symbols: list[str],
        kinds: list[str] | None = None,
        row_group: int = ROW_GROUP,
        part_rows: int = PART_ROWS,
        commit_seconds: float = COMMIT_SECONDS,
        overwrite: bool = False,
    ) -> None:
        info = new_run(config, seed, fingerprint, symbols, kinds or [])
        super().__init__(info, row_group, commit_seconds)
        self.path, self.lock = make_run_directory(path, overwrite)
        self._start(part_rows)

    @classmethod
    def reopen(
        cls,
        path: str | Path,
        rows: Mapping[str, int],
        lock: RunLock,
        *,
        row_group: int = ROW_GROUP,
        part_rows: int = PART_ROWS,
        commit_seconds: float = COMMIT_SECONDS,
    ) -> Self:
        """Go on with a run that stopped, behind the first `rows` of each table; what follows them
        is removed. The caller has locked the directory; the writer holds the lock too.

        Raises
        ------
        StorageError    not a run, or its parts do not end at these rows
        """
        info = cut_run(Path(path), rows)
        self = cls.__new__(cls)
        Sink.__init__(self, info, row_group, commit_seconds)
        self.path, self.lock = Path(path), lock.hold()
        self._start(part_rows)
        remove_unlisted(self.path, info)
        return self

    def _start(self, part_rows: int) -> None:
        self._writer = Writer(self.path, self.info, part_rows)
        try:
            self._save()
        except BaseException:
            self.lock.release()
            raise
        self._writer.start()
        # A run that is dropped, or still open when Python ends, must not cut a file in two.
        self._stop = weakref.finalize(self, self._writer.stop)

    @property
    def waiting(self) -> int:
        """Chunks that wait to be written."""
        return self._writer.queue.qsize()

    def check(self) -> None:
        """Raise what went wrong earlier, if anything did."""
        super().check()
        if self._writer.failure is not None:
            raise StorageError(f"{self._writer.failure}; what was committed before stays readable")

    def take(self, chunk: Chunk) -> None:
        """Queue rows for the writer; waits while its queue is full."""
        self._writer.queue.put(chunk)
        self.check()

    def flush(self) -> None:
        """Make all rows so far readable; returns when they are."""
        super().flush()
        self._writer.queue.join()
        self.check()

    def rows(self) -> dict[str, int]:
        """Committed rows of each table; all there are, right after `flush`."""
        held = dict.fromkeys(self.info.tables, 0)
        for part in self.info.manifest:
            held[part.table] += part.rows
        return held

    def _announce(self, name: str) -> None:
        if name not in self.info.tables:
            self.info.tables.append(name)
        self._save(durable=False)

    def _end(
        self, status: str, reason: str | None, trace_hash: str | None, ticks: int | None
    ) -> None:
        self._open = False
        try:
            self._stop()
            self.info.end(status, reason, trace_hash, ticks)
            self._save()
        finally:
            self.lock.release()

    def _save(self, durable: bool = True) -> None:
        try:
            self._writer.save(durable)
        except OSError as error:
            raise StorageError(f"{self.path} cannot be written: {reason_of(error)}") from None
