"""What follows when something does not hold that must always hold."""

from enum import Enum


class OnViolation(Enum):
    """What a failed check does."""

    COUNT = "count"  # it is counted in `run.metrics` and `run.json`, and logged; the run goes on
    STOP = "stop"  # the run ends with an InvariantError
