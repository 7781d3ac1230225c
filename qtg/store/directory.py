"""Making and clearing a run directory."""

import shutil
from pathlib import Path

from qtg.errors import StorageError
from qtg.schemas import STORED

from .files import reason_of
from .lock import LOCK, RunLock
from .run_info import FILE_NAME, read_json

UNFINISHED = f"{FILE_NAME}.tmp"  # what a run leaves that is killed before it has a run.json
BESIDE = ("status.json",)  # other files that belong to a run
LOG, SNAPSHOTS = "log", "snapshots"  # folders beside the tables, of a run that can be continued


def make_run_directory(path: str | Path, overwrite: bool = False) -> tuple[Path, RunLock]:
    """Make an empty run directory, with its parents, and lock it.

    An empty directory may be taken, and one in which a run was killed before it began. With
    `overwrite`, an earlier run is removed, but only what belongs to it: other files of its folder
    stay.

    Raises
    ------
    StorageError    something is there already, somebody writes to it, or it cannot be written
    """
    directory = Path(path)
    try:
        if not _is_empty(directory):
            _look_at_run(directory, overwrite)
        directory.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise StorageError(f"{directory} is a file; choose another place for the run") from None
    except OSError as error:
        raise _not_writable(directory, error) from None
    lock = RunLock(directory)  # tells whether the place can be written, too
    try:
        if not _is_empty(directory):  # perhaps since a moment ago
            _look_at_run(directory, overwrite)
            _remove_run(directory)
        (directory / UNFINISHED).unlink(missing_ok=True)
    except OSError as error:
        lock.release()
        raise _not_writable(directory, error) from None
    except BaseException:
        lock.release()
        raise
    return directory, lock


def _is_empty(directory: Path) -> bool:
    """Whether a run may begin there at once."""
    if not directory.is_dir():
        return True
    return all(each.name in (UNFINISHED, LOCK) for each in directory.iterdir())


def _not_writable(directory: Path, error: OSError) -> StorageError:
    why = reason_of(error)
    return StorageError(f"no run can be written to {directory}: {why}; choose another place")


def _look_at_run(directory: Path, overwrite: bool) -> None:
    """Raise StorageError if what is there must not be removed."""
    if not (directory / FILE_NAME).exists():
        raise StorageError(
            f"{directory} exists and holds something that is not a qtg run; choose another place"
        )
    if not overwrite:
        raise StorageError(
            f"{directory} already holds a run; choose another place or overwrite it "
            "(overwrite=True, --overwrite)"
        )
    read_json(directory)  # refuses a run.json that is not one of qtg's


def _remove_run(directory: Path) -> None:
    for name in (*STORED, LOG, SNAPSHOTS):
        if (directory / name).is_dir():
            shutil.rmtree(directory / name)
    for name in BESIDE:
        (directory / name).unlink(missing_ok=True)
    # Last, so that a run that was removed only half way can be removed again.
    (directory / FILE_NAME).unlink()
