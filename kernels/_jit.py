"""The one place that compiles. `kernel` for the serial work, `shell` for a one-line `prange`.

Kernels are compiled without numba's reference counting (`_nrt=False`): passing tables to small
helpers then costs nothing, and an allocation inside a kernel is a compile error. Shells are the
only functions compiled with it.

The cache folder carries a hash of every kernel and schema source, because numba does not notice
that an imported kernel or a table's field order changed. `NUMBA_CACHE_DIR` is honoured as the
parent folder.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba import config
from platformdirs import user_cache_path

F = TypeVar("F", bound=Callable[..., Any])


def source_stamp() -> str:
    """Hash of all kernel and schema sources."""
    digest = hashlib.sha256()
    here = Path(__file__).resolve().parent
    for folder in (here, here.parent / "schemas"):
        for path in sorted(folder.glob("*.py")):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Where compiled kernels are kept."""
    parent = os.environ.get("NUMBA_CACHE_DIR")
    return (Path(parent) if parent else user_cache_path("qtg")) / f"kernels-{source_stamp()}"


_CACHE_FOLDER = str(cache_folder())


def _compiled(function: F, **options: Any) -> F:
    theirs = config.CACHE_DIR
    config.CACHE_DIR = _CACHE_FOLDER
    try:
        return numba.njit(cache=True, error_model="numpy", **options)(function)  # type: ignore[no-any-return]
    finally:
        config.CACHE_DIR = theirs


def kernel(function: F) -> F:
    """Compile a serial kernel."""
    return _compiled(function, _nrt=False, forceinline=True)


def shell(function: F) -> F:
    """Compile a function whose `prange` body is one call of a kernel."""
    return _compiled(function, parallel=True)
