"""When records become durable."""

from enum import IntEnum


class Fsync(IntEnum):
    """Policies of the log."""

    OFF = 0  # the system writes when it likes: safe against a killed process, not a power failure
    GROUP = 1  # one sync for all records of some milliseconds
    ALWAYS = 2  # each record is synced before it takes effect
