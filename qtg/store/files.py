"""Putting files in place so that a reader finds the old one or the new one, never half of one."""

import json
import os
from pathlib import Path
from typing import Any

from ..errors import StorageError


def write_atomically(path: Path, text: str, durable: bool = True) -> None:
    """Write a small text file under a temporary name and rename it into place."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8")
    put_in_place(temporary, path, durable)


def put_in_place(temporary: Path, final: Path, durable: bool = True) -> None:
    """Rename a finished file; if `durable`, it then outlives a power failure."""
    if durable:
        _sync(temporary, os.O_RDWR)
    os.replace(temporary, final)
    if durable and os.name == "posix":
        _sync(final.parent, os.O_RDONLY)


def file_checksum(path: Path) -> int:
    """CRC32C of what a file holds."""
    import google_crc32c

    found = 0
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            found = google_crc32c.extend(found, piece)
    return int(found)


def read_described(directory: Path, name: str, form: str, what: str) -> dict[str, Any]:
    """What the JSON file `name` says that describes a directory; `form` is its `format`, `what`
    tells what the directory should be.

    Raises
    ------
    StorageError    the directory is something else, or the file is not readable
    """
    file = directory / name
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise StorageError(f"{directory} is not {what}: it has no {name}") from None
    except OSError as error:
        raise StorageError(f"{file} cannot be read: {reason_of(error)}") from None
    except ValueError as error:
        raise StorageError(f"{file} is damaged ({error}); restore it from a copy") from None
    if not isinstance(told, dict) or told.get("format") != form:
        raise StorageError(f"{directory} is not {what}: {name} is not one of qtg's")
    return told


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def reason_of(error: BaseException) -> str:
    """Why a file operation failed, in one line."""
    number = getattr(error, "errno", None)
    if number:
        return os.strerror(number)
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
