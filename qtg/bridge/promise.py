"""An answer that comes later, once, from another thread."""

import threading
from collections.abc import Callable
from typing import Any

_GUARD = threading.Lock()  # held for a few instructions whenever any promise is kept


class Promise:
    """A value, or an error, that some thread gives and any thread may wait for."""

    __slots__ = ("_error", "_latch", "_told", "_value", "done")

    def __init__(self) -> None:
        self.done = False
        self._latch = threading.Lock()  # open once there is an answer
        self._latch.acquire()
        self._value: Any = None
        self._error: BaseException | None = None
        self._told: list[Callable[[], Any]] = []

    def resolve(self, value: Any) -> None:
        """Give the value; later answers count for nothing."""
        self._answer(value, None)

    def fail(self, error: BaseException) -> None:
        """Give an error in place of the value."""
        self._answer(None, error)

    def wait(self, timeout: float | None = None) -> bool:
        """Whether the answer came within the time [s]; without one, wait as long as it takes."""
        if not self._latch.acquire(timeout=-1 if timeout is None else max(timeout, 0.0)):
            return False
        self._latch.release()
        return True

    def result(self) -> Any:
        """The value, which must be there; or its error is raised."""
        if self._error is not None:
            raise self._error
        return self._value

    def when_done(self, tell: Callable[[], Any]) -> None:
        """Call `tell()` once there is an answer, from the thread that gives it; it must not raise.
        At once if the answer is there."""
        with _GUARD:
            if not self.done:
                self._told.append(tell)
                return
        tell()

    def forget(self, tell: Callable[[], Any]) -> None:
        """Do not call `tell` any more."""
        with _GUARD:
            if tell in self._told:
                self._told.remove(tell)

    def _answer(self, value: Any, error: BaseException | None) -> None:
        with _GUARD:
            if self.done:
                return
            self._value, self._error, self.done = value, error, True
            told, self._told = self._told, []
        self._latch.release()
        for tell in told:
            tell()
