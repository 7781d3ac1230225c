"""The thread that encodes and writes what a run hands over."""

import logging
import queue
import threading
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .buffer import Chunk
from .files import reason_of
from .run_info import RunInfo
from .sink import NAMES

if TYPE_CHECKING:
    from .parts import PartWriter

WAITING_CHUNKS = 2
_LOG = logging.getLogger("qtg.store")


class Writer(threading.Thread):
    """Writes chunks as Parquet parts until it is told to stop.

    The queue is short: whoever hands over faster than this thread writes has to wait, so that
    memory stays bounded. After a failure it keeps taking chunks, without writing them, so that
    nobody waits for ever; `failure` says what happened.
    """

    def __init__(self, directory: Path, info: RunInfo, part_rows: int) -> None:
        super().__init__(name=f"qtg-writer-{directory.name}", daemon=True)
        self.failure: str | None = None
        self.queue: queue.Queue[Chunk | None] = queue.Queue(WAITING_CHUNKS)
        self._directory = directory
        self._info = info
        self._part_rows = part_rows
        self._parts: dict[str, PartWriter] = {}
        self._numbers = {part.table: part.number + 1 for part in info.manifest}
        self._saving = threading.Lock()

    def run(self) -> None:
        """Work the queue; None ends it."""
        with suppress(ImportError):  # now rather than with the first rows, which would wait
            import_module("qtg.store.parts")
        while True:
            chunk = self.queue.get()
            try:
                if self.failure is None:
                    self._work(chunk)
            except Exception as error:
                self._give_up(chunk, error)
            finally:
                if chunk is not None and chunk.rows:
                    chunk.home.give_back(chunk.columns)
                self.queue.task_done()
            if chunk is None:
                return
            del chunk  # while waiting, keep no reference that would keep a dropped run alive

    def stop(self) -> None:
        """Commit what was handed over and end the thread."""
        if self.is_alive() and threading.current_thread() is not self:
            self.queue.put(None)
            self.join()

    def save(self, durable: bool = True) -> None:
        """Write run.json; both threads do."""
        with self._saving:
            self._info.save(self._directory, durable)

    def _work(self, chunk: Chunk | None) -> None:
        if chunk is None:
            self._commit(list(self._parts))
            return
        name = NAMES[chunk.home.table]
        if chunk.rows:
            self._write(name, chunk)
        if name in self._parts and (chunk.commit or self._parts[name].rows >= self._part_rows):
            self._commit([name])

    def _write(self, name: str, chunk: Chunk) -> None:
        from .parts import PartWriter

        if name not in self._parts:
            number = self._numbers.get(name, 0)
            self._numbers[name] = number + 1
            self._parts[name] = PartWriter(
                self._directory, name, number, self._info, chunk.home.table
            )
        self._parts[name].write(chunk.filled)

    def _commit(self, names: list[str]) -> None:
        for name in names:
            part = self._parts[name].commit()
            self._info.manifest.append(part)
            fields = {"table": name, "path": part.path, "rows": part.rows, "bytes": part.bytes}
            self._log(logging.DEBUG, "part committed", fields)
            del self._parts[name]
        if names:
            self.save()

    def _give_up(self, chunk: Chunk | None, error: Exception) -> None:
        what = NAMES[chunk.home.table] if chunk is not None else "the last rows"
        for part in self._parts.values():
            part.discard()  # first of all: it makes room on a full disk
        self._parts.clear()
        reason = f"writing {what} to {self._directory} failed: {reason_of(error)}"
        self._info.end("failed", reason, None, None)
        with suppress(OSError):
            self.save()
        self.failure = reason
        if _LOG.hasHandlers():  # else the run alone hears of it, by an exception
            self._log(logging.ERROR, "writing failed", {"reason": reason})

    def _log(self, level: int, message: str, fields: dict[str, Any]) -> None:
        name = self._directory.resolve().name
        _LOG.log(level, message, extra={"run": name, "tick": None, "fields": fields})
