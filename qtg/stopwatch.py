"""Wall-clock time by phase of a tick."""

from enum import IntEnum
from time import perf_counter_ns


class Phase(IntEnum):
    """Phases of the tick that are timed."""

    NEWS = 0
    SMART = 1
    WAKE = 2
    BACKGROUND = 3
    ADMIT = 4
    DELAY = 5
    MATCH = 6
    SETTLE = 7
    PUBLISH = 8


class Stopwatch:
    """`start`, then `lap(phase)` after each piece of work; a phase may have several laps."""

    def __init__(self) -> None:
        self.ns = [0] * len(Phase)  # of each phase
        self.total_ns = 0
        self._started = self._last = 0

    def start(self) -> None:
        """Begin a new tick."""
        self.ns[:] = [0] * len(Phase)
        self._started = self._last = perf_counter_ns()

    def lap(self, phase: Phase) -> None:
        """Charge the time since the last lap to a phase."""
        now = perf_counter_ns()
        self.ns[phase] += now - self._last
        self._last = now

    def stop(self) -> None:
        """End the tick: its whole time is `total_ns`."""
        self.total_ns = perf_counter_ns() - self._started
