"""Damage to what a killed process left: a file is cut, or a bit of it is wrong."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ..store.directory import LOG, SNAPSHOTS
from .draws import Draws
from .profile import Crashes


@dataclass(frozen=True)
class Damaged:
    """A file that was damaged, and what it held before."""

    path: Path
    before: bytes

    def undo(self) -> None:
        """Put back what a copy of the file has."""
        self.path.write_bytes(self.before)


def damage(
    run: Path, crashes: Crashes, draws: Draws, life: int, done: Counter[str]
) -> Damaged | None:
    """Damage one file of a run, perhaps: a segment of the log, its mark or a snapshot."""
    cut = draws.happens(crashes.truncate, "truncate", life)
    if not cut and not draws.happens(crashes.corrupt, "corrupt", life):
        return None
    files = [path for folder in (LOG, SNAPSHOTS) for path in sorted((run / folder).glob("*"))]
    files = [path for path in files if path.is_file() and path.stat().st_size]
    if not files:
        return None
    path = files[draws.below(len(files), "file", life)]
    before = path.read_bytes()
    at = draws.below(len(before), "place", life)
    after = bytearray(before)
    if cut:
        del after[at:]
    else:
        after[at] ^= 1 << draws.below(8, "bit", life)
    path.write_bytes(after)
    done["file cut" if cut else "bit flipped"] += 1
    return Damaged(path, before)
