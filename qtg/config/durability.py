"""What makes a run outlive a crash."""

from enum import IntEnum
from typing import Annotated

from .base import Model, setting
from .types import MAX_TICK, ByName, Switch, Whole


class Fsync(IntEnum):
    """When records of a log become durable."""

    OFF = 0  # the system writes when it likes: safe against a killed process, not a power failure
    GROUP = 1  # one sync for all records of some milliseconds
    ALWAYS = 2  # each record is synced before it takes effect


class Durability(Model):
    """The log of a run, from which it is continued after it was killed."""

    log: Switch = setting("keep a log and snapshots in the run directory", default=False)
    fsync: Annotated[Fsync, ByName()] = setting(
        "when records of the log are durable: off (as the system likes), "
        "group (within `group_ms`), always (before they take effect)",
        default=Fsync.GROUP,
    )
    group_ms: Whole = setting(
        "time within which records are made durable together", "ms", default=50, ge=1, le=60_000
    )
    segment_bytes: Whole = setting(
        "size after which a file of the log is followed by the next",
        "bytes",
        default=16 << 20,
        ge=4_096,
        le=1 << 30,
    )
    snapshot_every: Whole = setting(
        "take a snapshot in every so many-th tick; 0 is never",
        "ticks",
        default=5_000,
        ge=0,
        le=MAX_TICK,
    )
    keep_snapshots: Whole = setting(
        "snapshots that are kept, with the log from the oldest on",
        "snapshots",
        default=2,
        ge=1,
        le=1_000,
    )
