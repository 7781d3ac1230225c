"""Group commit: a thread that makes what waits durable, again and again."""

import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from qtg.errors import StorageError

from .log import Log


class GroupCommit(threading.Thread):
    """Flushes a log every so many milliseconds, as long as something waits.

    The sync of one group runs while the next one gathers; the market does not wait for either.
    """

    def __init__(self, log: Log, milliseconds: int) -> None:
        super().__init__(name="qtg-log", daemon=True)
        self._log, self._pause = log, milliseconds / 1_000
        self._ended = threading.Event()

    def run(self) -> None:
        """Flush until the log ends."""
        with suppress(StorageError):  # the log has it on record, and tells whoever appends
            while not self._ended.wait(self._pause):
                if self._log.waiting:
                    self._log.flush()

    def stop(self) -> None:
        """End the thread; what waits then is the log's own to commit."""
        self._ended.set()
        if self.is_alive():
            self.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.stop()
