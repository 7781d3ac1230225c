"""What several commands do before they call the library."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError, StorageError

if TYPE_CHECKING:
    from ..result import Result

_NEAR = 5  # runs to name


def open_result(path: Path) -> "Result":
    """Open a run; if there is none, name those that are near."""
    from ..result import open_run

    try:
        return open_run(path)
    except StorageError as error:
        if (path / "run.json").exists():
            raise
        raise StorageError(f"{error}; {_runs_near(path)}") from None


def find_run(path: Path) -> None:
    """Check that a run is there; if there is none, name those that are near."""
    from ..store.run_info import read_run

    try:
        read_run(path)
    except StorageError as error:
        if (path / "run.json").exists():
            raise
        raise StorageError(f"{error}; {_runs_near(path)}") from None


def _runs_near(path: Path) -> str:
    """The newest runs in a folder and in `runs`."""
    found = {run.parent for near in (path, Path("runs")) for run in near.glob("*/run.json")}
    newest = sorted(found, key=lambda run: run.stat().st_mtime, reverse=True)
    names = ", ".join(str(run) for run in newest[:_NEAR])
    return f"try {names}" if names else "make one: qtg simulate quick_test"


def load_files(strategies: list[Path] | None) -> None:
    """Run the files that register strategies."""
    from ..loading import load_strategies

    for path in strategies or []:
        load_strategies(path)


def given(*, seed: int | None, ticks: int | None) -> dict[str, int]:
    """The settings that the command line gives; the others stay as configured."""
    changes = {"seed": seed, "ticks": ticks}
    return {name: value for name, value in changes.items() if value is not None}


def check_place(out: Path | None) -> None:
    """Say at once that a file cannot be written, and not after the work."""
    if out is None:
        return
    if out.is_dir():
        raise ConfigError(f"{out}: is a folder; give the name of a file")
    if not out.parent.is_dir():
        raise ConfigError(f"{out}: there is no folder {out.parent}; make it first")
