"""The state of a running market: taken at the end of a tick, kept, written, restored, forked."""

from .capture import Snapshot, capture, pour
from .file import read_snapshot, write_snapshot
from .fork import fork
from .history import History
from .rows import copy_environment, copy_environments

__all__ = [
    "History",
    "Snapshot",
    "capture",
    "copy_environment",
    "copy_environments",
    "fork",
    "pour",
    "read_snapshot",
    "write_snapshot",
]
