"""What Ray runs on its nodes."""

import os
from pathlib import Path

from .code import code_here
from .folder import Places
from .one_thread import SETTINGS
from .plan import Job
from .row import Row
from .runner import Runner, Setup

_runners: dict[str, Runner] = {}  # of this process, for the sweep that it last worked for


def make_run(setup: Setup, job: Job) -> Row | str:
    """The row of a job; a text if this process cannot make runs at all."""
    key = repr(setup)
    if key not in _runners:
        os.environ.update(SETTINGS)
        _runners.clear()
        try:
            _runners[key] = Runner(setup, _here())
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    row = _runners[key].run(job)
    _runners[key].tidy()
    return row


def look(out: str | None) -> tuple[str | None, dict[str, str]]:
    """What a node sees of the folder of a sweep (see `Places.mark`), and the code that it has."""
    return None if out is None else Places(Path(out)).mark(), code_here()


def _here() -> str:
    import ray

    return f"{ray.get_runtime_context().get_node_id()[:8]}:{os.getpid()}"
