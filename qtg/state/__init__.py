"""The state of a running market: taken at the end of a tick, kept, written, restored, forked."""

from .capture import Snapshot, capture, pour
from .file import read_snapshot, write_snapshot

__all__ = ["Snapshot", "capture", "pour", "read_snapshot", "write_snapshot"]
