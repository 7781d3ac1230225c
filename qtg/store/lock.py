"""The lock of a run directory: one writer at a time."""

import logging
import os
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Self

from qtg.errors import StorageError

from .files import reason_of

try:
    import fcntl
except ImportError:  # a system without such locks: nobody looks
    fcntl = None  # type: ignore[assignment]

LOCK = "run.lock"
_LOG = logging.getLogger("qtg")


class RunLock:
    """Held while a run directory is written to; the system takes it back from a killed process.

    It is a lock of the system on the file `run.lock`, which holds the number of the process and is
    removed with the last holder. The file alone, as a killed run leaves it, keeps nobody out.
    Threads of a process count as others do; a process that is forked off holds nothing.

    Parameters
    ----------
    directory : path    of the run, which is there

    Raises
    ------
    StorageError    somebody else writes to it, or the place cannot be written
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / LOCK
        try:
            handle = _locked(self._path)
        except OSError as error:
            raise StorageError(
                f"no run can be written to {directory}: {reason_of(error)}; choose another place"
            ) from None
        self._handle, self._holders = handle, 1
        self._give_back = weakref.finalize(self, _give_back, self._path, handle)
        _HELD.add(self)

    def hold(self) -> Self:
        """One holder more."""
        self._holders += 1
        return self

    def release(self) -> None:
        """One holder less; the last one gives it back."""
        self._holders -= 1
        if self._holders == 0:
            self._give_back()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def forget(self) -> None:
        """Leave it to the process that this one was forked off."""
        if self._give_back.detach() is not None:
            os.close(self._handle)


def _locked(path: Path) -> int:
    """A descriptor of the file, with the lock on it."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        try:
            _lock(path, handle)
            if _is_at(path, handle):  # else its holder removed it meanwhile
                os.ftruncate(handle, 0)
                os.write(handle, f"{os.getpid()}\n".encode())
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _lock(path: Path, handle: int) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        told = os.read(handle, 20).strip()
        who = f"process {int(told)}" if told.isdigit() else "another process"
        raise StorageError(
            f"{path.parent} is being written by {who}; wait until it ends, or stop it"
        ) from None
    except OSError as error:  # a file system without locks
        _LOG.warning("%s cannot be locked: %s; let one process write to it", path, reason_of(error))


def _is_at(path: Path, handle: int) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.stat(path), os.fstat(handle))
    return False


def _give_back(path: Path, handle: int) -> None:
    with suppress(OSError):
        if _is_at(path, handle):
            path.unlink()
    os.close(handle)


_HELD: "weakref.WeakSet[RunLock]" = weakref.WeakSet()


def _forget_all() -> None:
    for lock in list(_HELD):
        lock.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
