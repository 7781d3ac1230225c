"""When the simulation thread makes a tick: at once, at a rate, or not at all."""

from collections import deque
from collections.abc import Callable

from ..errors import BridgeError, ConfigError
from .command import Command, TickJob


class Pace:
    """Ticks that were asked for, and whether the market runs by itself.

    Parameters
    ----------
    clock : callable    seconds, as of a clock that never goes back
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.running = False
        self._clock = clock
        self._jobs: deque[tuple[Command, TickJob]] = deque()
        self._period = 0.0
        self._due = 0.0
        self._until: int | None = None

    def run(self, rate: float | None, until: int | None) -> None:
        """Tick without being asked, at most `rate` times a second, up to tick `until`."""
        self.running, self._until = True, until
        self._period = 0.0 if rate is None else 1.0 / rate
        self._due = self._clock()

    def pause(self) -> None:
        """Make no further tick; who waits for some is told how many there were."""
        self.running = False
        for command, job in self._drop():
            made = job.ticks - job.left
            command.fail(BridgeError(f"the run was paused after {made:,} of {job.ticks:,} ticks"))

    @property
    def busy(self) -> bool:
        """Whether ticks are to be made."""
        return self.running or bool(self._jobs)

    def add(self, command: Command, job: TickJob) -> None:
        """Make ticks, after those that were asked for before, and answer the command."""
        self._jobs.append((command, job))

    def wait(self, tick: int) -> float | None:
        """Seconds until the next tick is due, after tick `tick`; None if none is."""
        while self._jobs and self._jobs[0][1].given_up:
            self._jobs.popleft()
        if self._jobs:
            return 0.0
        if self.running and self._until is not None and tick >= self._until:
            self.running = False
        if not self.running:
            return None
        return max(self._due - self._clock(), 0.0) if self._period else 0.0

    def ticked(self, tick: int) -> None:
        """A tick was made. However late it was, at most one is made up for: no bursts."""
        if self.running:
            self._due = max(self._due + self._period, self._clock())
        if self._jobs:
            command, job = self._jobs[0]
            job.left -= 1
            if job.left == 0:
                self._jobs.popleft()
                command.resolve(tick)

    def end(self, why: Callable[[], BridgeError]) -> None:
        """Nothing more is made: who waits for ticks is told so."""
        self.running = False
        for command, _ in self._drop():
            command.fail(why())

    def _drop(self) -> list[tuple[Command, TickJob]]:
        jobs = list(self._jobs)
        self._jobs.clear()
        return jobs


def checked_rate(rate: float | None) -> float | None:
    """A rate that a run can have [ticks/s].

    Raises
    ------
    ConfigError    not above 0, or not finite
    """
    if rate is not None and not 0 < rate < float("inf"):
        raise ConfigError(f"rate must be above 0 ticks/s, got {rate}; leave it out for full speed")
    return rate
