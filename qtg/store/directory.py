"""Making and clearing a run directory."""

import shutil
from pathlib import Path

from qtg.errors import StorageError
from qtg.schemas import STORED

from .files import reason_of
from .run_info import FILE_NAME, read_json

UNFINISHED = f"{FILE_NAME}.tmp"  # what a run leaves that is killed before it has a run.json
BESIDE = ("status.json",)  # other files that belong to a run
LOG, SNAPSHOTS = "log", "snapshots"  # folders beside the tables, of a run that can be continued


def make_run_directory(path: str | Path, overwrite: bool = False) -> Path:
    """Make an empty run directory, with its parents.

    An empty directory may be taken, and one in which a run was killed before it began. With
    `overwrite`, an earlier run is removed, but only what belongs to it: other files of its folder
    stay.

    Raises
    ------
    StorageError    something is there already, or the place cannot be written
    """
    directory = Path(path)
    try:
        if directory.is_dir() and any(each.name != UNFINISHED for each in directory.iterdir()):
            _remove_run(directory, overwrite)
        directory.mkdir(parents=True, exist_ok=True)
        (directory / UNFINISHED).touch()  # tells whether the place can be written
        (directory / UNFINISHED).unlink()
    except FileExistsError:
        raise StorageError(f"{directory} is a file; choose another place for the run") from None
    except OSError as error:
        raise StorageError(
            f"no run can be written to {directory}: {reason_of(error)}; choose another place"
        ) from None
    return directory


def _remove_run(directory: Path, overwrite: bool) -> None:
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
    for name in (*STORED, LOG, SNAPSHOTS):
        if (directory / name).is_dir():
            shutil.rmtree(directory / name)
    for name in BESIDE:
        (directory / name).unlink(missing_ok=True)
    # Last, so that a run that was removed only half way can be removed again.
    (directory / FILE_NAME).unlink()
