"""How long a call of somebody else's code may take.

A call that is over its time is interrupted: in the main thread by an alarm signal, which also ends
sleeping and waiting; in other threads (and on Windows) by an exception that Python raises there
once it is back in Python code. Compiled code cannot be interrupted; it is measured afterwards.
"""

from __future__ import annotations

import ctypes
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

_AGAIN = 0.05  # seconds; NumPy may take an exception for "no such attribute" and go on


class OutOfTime(BaseException):
    """The call is over its time. No Exception, so that `except Exception` lets it pass."""


def call_within(seconds: float | None, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function that may take so long; no limit if None.

    Raises
    ------
    OutOfTime    it took longer, or was interrupted because it did
    """
    if seconds is None:
        return function(*arguments)
    here = threading.current_thread() is threading.main_thread()
    guard = _Alarm() if here and hasattr(signal, "setitimer") else _Watchdog()
    started = time.perf_counter()
    answer = guard.call(seconds, function, arguments)
    if time.perf_counter() - started > seconds:
        raise OutOfTime
    return answer


class _Alarm:
    """An alarm signal that raises in the main thread."""

    def __init__(self) -> None:
        self._armed = False

    def call(self, seconds: float, function: Callable[..., Any], arguments: Any) -> Any:
        theirs = signal.signal(signal.SIGALRM, self._ring)
        left, every = signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
        started = time.perf_counter()
        try:
            self._armed = True
            answer = function(*arguments)
            self._armed = False
            return answer
        finally:
            self._armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, theirs)
            if left:  # somebody else's alarm goes on
                left = max(left - (time.perf_counter() - started), 1e-6)
                signal.setitimer(signal.ITIMER_REAL, left, every)

    def _ring(self, number: int, frame: FrameType | None) -> None:
        if self._armed:
            raise OutOfTime


class _Watchdog:
    """A timer thread that has an exception raised in the thread that calls."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed = True
        self._thread = ctypes.c_ulong(threading.get_ident())

    def call(self, seconds: float, function: Callable[..., Any], arguments: Any) -> Any:
        timer = threading.Timer(seconds, self._ring)
        timer.daemon = True
        timer.start()
        try:
            try:
                return function(*arguments)
            finally:
                self._stop(timer)
        except OutOfTime:
            self._stop(timer)  # it may have come in the middle of stopping
            raise

    def _ring(self) -> None:
        with self._lock:
            if self._armed:
                self._armed = False
                _raise_in(self._thread, ctypes.py_object(OutOfTime))

    def _stop(self, timer: threading.Timer) -> None:
        timer.cancel()
        with self._lock:
            self._armed = False
            _raise_in(self._thread, None)  # takes back what has not been raised yet


def _raise_in(thread: ctypes.c_ulong, exception: Any) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, exception)
