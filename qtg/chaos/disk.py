"""A disk of this machine that fails on request: full, no sync, killed in the middle of a write."""

import errno
from collections import Counter

from ..wal.disk import Disk, File
from .draws import Draws
from .profile import Storage


class Killed(BaseException):
    """The process is gone. No handler of errors may stop it, as none stops a signal."""


class FailingDisk:
    """Passes everything on to another disk, unless it fails.

    Parameters
    ----------
    disk : Disk           that keeps the files
    storage : Storage     chances of failures
    draws : Draws
    done : Counter        is told of the failures

    Attributes
    ----------
    failures : int              so far
    calm : bool                 nothing fails by chance for now
    kill_after : int or None    bytes that are written until the process is killed
    """

    def __init__(self, disk: Disk, storage: Storage, draws: Draws, done: Counter[str]) -> None:
        self.failures = 0
        self.calm = False
        self.kill_after: int | None = None
        self._disk, self._storage, self._draws, self._done = disk, storage, draws, done
        self._operations = 0
        self._open: dict[str, FailingFile] = {}

    def create(self, name: str) -> "FailingFile":
        """A new file, in the place of one of the same name."""
        self._open[name] = file = FailingFile(self, self._disk.create(name))
        return file

    def read(self, name: str) -> bytes:
        """All bytes of a file."""
        return self._disk.read(name)

    def names(self, folder: str) -> list[str]:
        """Names of the files of a folder, sorted."""
        return self._disk.names(folder)

    def keep(self, name: str, size: int) -> None:
        """Cut a file behind its first `size` bytes."""
        self._disk.keep(name, size)

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        self._disk.remove(name)

    def sync_folder(self, folder: str) -> None:
        """Make creations and removals durable."""
        self._disk.sync_folder(folder)

    def crash(self, power: bool, life: int) -> None:
        """Nobody writes any more; without power, what was not synced is lost from some byte on."""
        self.kill_after = None
        for name, file in self._open.items():
            file.close()
            if power and file.size > file.synced and name in self._found():
                kept = self._draws.below(file.size - file.synced + 1, f"power {name}", life)
                self._disk.keep(name, file.synced + kept)
        self._open = {}

    def before_write(self, nbytes: int) -> int:
        """How much of a write is done; the rest is for `after_write` to explain."""
        if self.kill_after is not None:
            return min(self.kill_after, nbytes)
        if self._happens(self._storage.disk_full, "full"):
            return self._draws.below(nbytes, "room", self._operations) if nbytes else 0
        return nbytes

    def after_write(self, nbytes: int, written: int) -> None:
        """Fail, if a write was not done."""
        if self.kill_after is not None:
            self.kill_after -= written
            if written < nbytes:
                raise Killed
        elif written < nbytes:
            self._fail("disk full")
            raise OSError(errno.ENOSPC, "No space left on device")

    def before_sync(self) -> None:
        """Fail a sync, perhaps."""
        if self._happens(self._storage.failed_fsync, "fsync"):
            self._fail("failed fsync")
            raise OSError(errno.EIO, "Input/output error")

    def _happens(self, chance: float, what: str) -> bool:
        self._operations += 1
        return not self.calm and self._draws.happens(chance, what, self._operations)

    def _fail(self, what: str) -> None:
        self.failures += 1
        self._done[what] += 1

    def _found(self) -> set[str]:
        """Names of the files of the log that are still there."""
        folders = {name.rpartition("/")[0] for name in self._open}
        return {f"{folder}/{name}" for folder in folders for name in self._disk.names(folder)}


class FailingFile:
    """A file that is being written.

    Attributes
    ----------
    size, synced : int    bytes written, and those of them that outlive a power failure
    """

    def __init__(self, disk: FailingDisk, file: File) -> None:
        self.size = self.synced = 0
        self._disk, self._file = disk, file

    def write(self, data: bytes) -> None:
        """Append `data`."""
        n = self._disk.before_write(len(data))
        self._file.write(data[:n])
        self.size += n
        self._disk.after_write(len(data), n)

    def write_at(self, offset: int, data: bytes) -> None:
        """Write `data` from `offset` on; what stood there before is not known to be durable."""
        n = self._disk.before_write(len(data))
        self._file.write_at(offset, data[:n])
        self.size, self.synced = max(self.size, offset + n), min(self.synced, offset)
        self._disk.after_write(len(data), n)

    def sync(self) -> None:
        """Store what was written, or fail."""
        self._disk.before_sync()
        self._file.sync()
        self.synced = self.size

    def close(self) -> None:
        """Give the file back."""
        self._file.close()
