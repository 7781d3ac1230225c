"""Workers that take one processor each: libraries with threads of their own are told so."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

SETTINGS = dict.fromkeys(
    (
        "OMP_NUM_THREADS",  # Arrow and BLAS too
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "POLARS_MAX_THREADS",
    ),
    "1",
)


@contextmanager
def for_children() -> Iterator[None]:
    """Processes that are started meanwhile have these settings; libraries read them when loaded."""
    before = {name: os.environ.get(name) for name in SETTINGS}
    os.environ.update(SETTINGS)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
