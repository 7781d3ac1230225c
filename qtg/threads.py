"""Threads for work that kernels do without Python's lock."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

_pool: ThreadPoolExecutor | None = None


def at_once(calls: Iterable[Callable[[], object]]) -> None:
    """Make calls at the same time, and wait for all; an exception of one is raised."""
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(thread_name_prefix="qtg")
    for work in [_pool.submit(call) for call in calls]:
        work.result()


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _forget() -> None:
    """A process that was forked has none of its parent's threads."""
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
