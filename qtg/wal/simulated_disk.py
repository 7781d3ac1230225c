"""A disk in memory that fails as disks do, the same way for the same seed.

What is written is in the cache until it is synced. A power failure keeps of the cache what it
likes: single sectors of each write, creations and removals of files up to some moment. So does a
sync that fails. This is what an honest disk may do; a lying one also loses writes that it said were
synced, puts them in the wrong place, and lets bits rot.
"""

import errno
import random
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

HONEST = ("fsync", "full")
LYING = ("lost", "misdirected", "rot")


@dataclass
class Inode:
    """The content of a file."""

    stored: bytearray = field(default_factory=bytearray)  # what outlives a power failure
    cached: bytearray = field(default_factory=bytearray)  # what a reader sees
    pending: list[tuple[int, bytes]] = field(default_factory=list)  # offset and data, in order


class SimulatedDisk:
    """A folder in memory.

    Parameters
    ----------
    seed : int
    faults : mapping of str to float    chance by operation: of a sync, "fsync" fails; of a write,
                                        "full" (the disk), "lost", "misdirected"; of a power
                                        failure, "rot"
    sector : int                        bytes that are written together or not at all

    Attributes
    ----------
    done : Counter    faults that happened, by name
    """

    def __init__(
        self, seed: int, faults: dict[str, float] | None = None, sector: int = 512
    ) -> None:
        self.sector = sector
        self.faults = dict(faults or {})
        self.done: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._files: dict[str, Inode] = {}
        self._stored_files: dict[str, Inode] = {}
        self._folder_pending: list[tuple[str, Inode | None]] = []

    def create(self, name: str) -> "SimulatedFile":
        """A new file, in the place of one of the same name."""
        self._files[name] = Inode()
        self._folder_pending.append((name, self._files[name]))
        return SimulatedFile(self, self._files[name])

    def read(self, name: str) -> bytes:
        """All bytes of a file."""
        if name not in self._files:
            raise FileNotFoundError(errno.ENOENT, "No such file", name)
        return bytes(self._files[name].cached)

    def names(self, folder: str) -> list[str]:
        """Names of the files of a folder, sorted."""
        inside = f"{folder}/"
        return sorted(name.removeprefix(inside) for name in self._files if name.startswith(inside))

    def keep(self, name: str, size: int) -> None:
        """Cut a file, write what is left again, and sync it."""
        inode = self._files[name]
        self.write(inode, 0, bytes(inode.cached[:size]))
        del inode.cached[size:]
        self.sync(inode)
        del inode.stored[size:]

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        if self._files.pop(name, None) is not None:
            self._folder_pending.append((name, None))

    def sync_folder(self, folder: str) -> None:
        """Creations and removals in a folder are so for good."""
        for name, inode in self._folder_pending:
            if name.startswith(f"{folder}/"):
                self._enter(name, inode)
        self._folder_pending = [
            each for each in self._folder_pending if not each[0].startswith(f"{folder}/")
        ]

    def lose_power(self) -> None:
        """What was synced is there, and of the rest some."""
        for name, inode in self._folder_pending[: self._draw(len(self._folder_pending))]:
            self._enter(name, inode)
        self._folder_pending = []
        for inode in self._stored_files.values():
            self._settle(inode)
            inode.cached[:] = inode.stored
        self._files = dict(self._stored_files)
        if self._happens("rot"):
            self.flip_a_bit()

    def kill_process(self) -> None:
        """The writer is gone; what it wrote is in the cache, and may be lost with the power."""
        if self._happens("rot"):
            self.flip_a_bit()

    def flip_a_bit(self) -> None:
        """One bit of one file is wrong."""
        files = [inode for _, inode in sorted(self._files.items()) if inode.stored]
        if files:
            inode = self._random.choice(files)
            at = self._random.randrange(len(inode.stored))
            bit = 1 << self._random.randrange(8)
            inode.stored[at] ^= bit
            if at < len(inode.cached):
                inode.cached[at] = inode.stored[at]
            self.done["rot"] += 1

    def write(self, inode: Inode, offset: int, data: bytes) -> None:
        """Put data into the cache, if nothing is wrong."""
        if self._happens("full"):
            self._cache(inode, offset, data[: self._draw(len(data))])
            self.done["full"] += 1
            raise OSError(errno.ENOSPC, "No space left on device")
        put(inode.cached, offset, data)
        if self._happens("lost"):
            self.done["lost"] += 1
        elif self._happens("misdirected"):
            self.done["misdirected"] += 1
            other = self._random.choice([each for _, each in sorted(self._files.items())])
            other.pending.append((self._draw(len(other.cached)), data))
        else:
            inode.pending.append((offset, data))

    def sync(self, inode: Inode) -> None:
        """Store what is cached, or fail; a failed sync forgets what it did not store."""
        if self._happens("fsync"):
            self.done["fsync"] += 1
            self._settle(inode)
            raise OSError(errno.EIO, "Input/output error")
        for offset, data in inode.pending:
            put(inode.stored, offset, data)
        inode.pending.clear()

    def _cache(self, inode: Inode, offset: int, data: bytes) -> None:
        put(inode.cached, offset, data)
        inode.pending.append((offset, data))

    def _settle(self, inode: Inode) -> None:
        """Store some sectors of what is pending: a prefix, or any."""
        in_order, keep = self._random.random() < 0.4, self._random.random()
        for offset, data in inode.pending:
            for start, end in sectors(offset, len(data), self.sector):
                if self._random.random() < keep:
                    put(inode.stored, start, data[start - offset : end - offset])
                elif in_order:
                    inode.pending.clear()
                    return
            if self._random.random() < 0.2:  # the size may be written without the content
                put(inode.stored, offset + len(data), b"")
        inode.pending.clear()

    def _enter(self, name: str, inode: Inode | None) -> None:
        if inode is None:
            self._stored_files.pop(name, None)
        else:
            self._stored_files[name] = inode

    def _happens(self, fault: str) -> bool:
        chance = self.faults.get(fault, 0.0)
        return chance > 0.0 and self._random.random() < chance

    def _draw(self, most: int) -> int:
        return self._random.randint(0, most)


class SimulatedFile:
    """A file of a simulated disk that is being written."""

    def __init__(self, disk: SimulatedDisk, inode: Inode) -> None:
        self._disk, self._inode = disk, inode

    def write(self, data: bytes) -> None:
        """Append `data`."""
        self._disk.write(self._inode, len(self._inode.cached), data)

    def write_at(self, offset: int, data: bytes) -> None:
        """Write `data` from `offset` on."""
        self._disk.write(self._inode, offset, data)

    def sync(self) -> None:
        """Store what is cached, or fail."""
        self._disk.sync(self._inode)

    def close(self) -> None:
        """Nothing to give back."""


def put(content: bytearray, offset: int, data: bytes) -> None:
    """Write into a content, with zeros up to `offset` if it is shorter."""
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


def sectors(offset: int, nbytes: int, sector: int) -> list[tuple[int, int]]:
    """Where a write is cut: (start, end) of its part in each sector."""
    ends = list(range((offset // sector + 1) * sector, offset + nbytes, sector))
    cuts = [offset, *ends, offset + nbytes]
    return list(pairwise(cuts)) if nbytes else []
