"""The one place that compiles.

Kernels are compiled without numba's reference counting (`_nrt=False`): an allocation inside a
kernel is then a compile error. Every kernel is inlined into its caller (`forceinline`): a table is
passed as all its columns' pointers and shapes, and a call that is not inlined copies hundreds of
words (measured: 2 million messages a second without, 25 with it). They let go of Python's lock
(`nogil`), so that storage and other stretches of markets go on beside them.

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


def kernel(function: F) -> F:
    """Compile a kernel."""
    config: Any = numba.config  # its names are made at run time
    theirs = config.CACHE_DIR
    config.CACHE_DIR = _CACHE_FOLDER
    try:
        compiled = numba.njit(  # type: ignore[call-overload]
            cache=True, error_model="numpy", nogil=True, forceinline=True, _nrt=False
        )
        return compiled(function)  # type: ignore[no-any-return]
    finally:
        config.CACHE_DIR = theirs
