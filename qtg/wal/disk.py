"""What the log asks of a disk, and the real one.

Names are relative to a folder and use `/`. Whatever is not synced may be lost, in part and in any
order, when the power fails; a file that was created or removed, until its folder is synced.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol


class File(Protocol):
    """A file that is being written."""

    def write(self, data: bytes) -> None:
        """Append `data`; raises OSError if not all of it could be written."""

    def write_at(self, offset: int, data: bytes) -> None:
        """Write `data` over what is there, from `offset` on."""

    def sync(self) -> None:
        """Return when everything written is durable; raises OSError if it may not be."""

    def close(self) -> None:
        """Give the file back; does not sync."""


class Disk(Protocol):
    """A folder of files."""

    def create(self, name: str) -> File:
        """A new file, in the place of one of the same name."""

    def read(self, name: str) -> bytes:
        """All bytes of a file; raises FileNotFoundError if there is none."""

    def names(self, folder: str) -> list[str]:
        """Names of the files of a folder, sorted; none if there is no folder."""

    def keep(self, name: str, size: int) -> None:
        """Cut a file behind its first `size` bytes, and make those durable.

        They are written again: after a sync that failed, the system may show what it did not
        store, and take it for stored.
        """

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""

    def sync_folder(self, folder: str) -> None:
        """Return when the files created in and removed from a folder are so for good."""


class RealDisk:
    """A folder of this machine.

    Parameters
    ----------
    root : path    the folder; folders in it are made as needed
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def create(self, name: str) -> "RealFile":
        """A new file, in the place of one of the same name."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
        return RealFile(os.open(path, flags | getattr(os, "O_CLOEXEC", 0), 0o666))

    def read(self, name: str) -> bytes:
        """All bytes of a file."""
        return (self.root / name).read_bytes()

    def names(self, folder: str) -> list[str]:
        """Names of the files of a folder, sorted."""
        with suppress(FileNotFoundError):
            return sorted(path.name for path in (self.root / folder).iterdir())
        return []

    def keep(self, name: str, size: int) -> None:
        """Cut a file, write what is left again, and sync it."""
        with open(self.root / name, "r+b") as file:
            data = file.read(size)
            file.seek(0)
            file.write(data)
            file.truncate(size)
            file.flush()
            os.fsync(file.fileno())

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        (self.root / name).unlink(missing_ok=True)

    def sync_folder(self, folder: str) -> None:
        """Make creations and removals durable, where the system can do that."""
        if os.name != "posix":
            return
        handle = os.open(self.root / folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


class RealFile:
    """An open file descriptor."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def write(self, data: bytes) -> None:
        """Append all of `data`."""
        view = memoryview(data)
        while view:
            view = view[os.write(self._handle, view) :]

    def write_at(self, offset: int, data: bytes) -> None:
        """Write `data` from `offset` on."""
        os.lseek(self._handle, offset, os.SEEK_SET)
        self.write(data)

    def sync(self) -> None:
        """Return when everything written is durable."""
        os.fsync(self._handle)

    def close(self) -> None:
        """Close the descriptor; a second time does nothing."""
        if self._handle >= 0:
            handle, self._handle = self._handle, -1
            os.close(handle)
