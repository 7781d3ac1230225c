"""The moment in which a process is killed."""

from typing import NamedTuple

from ..stopwatch import Phase, Stopwatch
from .disk import Killed
from .draws import Draws
from .profile import Crashes

LAPS = 11  # pieces of work in a tick, after each of which it may be killed
_FURTHEST = 4_096  # bytes that it may still write


class Death(NamedTuple):
    """How a process is to die in a tick.

    Attributes
    ----------
    order : int     behind so many orders of the tick, or -1
    lap : int       after so many pieces of the tick's work, or -1
    nbytes : int    after so many bytes that it writes to its log at the end of the tick, or -1
    """

    order: int = -1
    lap: int = -1
    nbytes: int = -1


def death_in(crashes: Crashes, draws: Draws, tick: int, life: int, orders: int) -> Death | None:
    """Whether a process dies in a tick of its so many-th life, and how."""
    if not draws.happens(crashes.kill, "kill", tick, life):
        return None
    where = draws.below(4, "where", tick, life)
    if where == 0:
        return Death(order=draws.below(orders + 1, "order", tick, life))
    if where == 1:
        return Death(nbytes=draws.below(_FURTHEST, "byte", tick, life))
    return Death(lap=draws.below(LAPS, "lap", tick, life))


def bytes_in_recovery(crashes: Crashes, draws: Draws, life: int) -> int | None:
    """After how many bytes a process is killed that recovers, if it is."""
    if not draws.happens(crashes.in_recovery, "killed again", life):
        return None
    return draws.below(_FURTHEST, "byte again", life)


class DeadlyStopwatch(Stopwatch):
    """Kills the process after one of the laps.

    Attributes
    ----------
    laps : int           that it still has to live, or -1
    phase : Phase        in which it died
    """

    def __init__(self) -> None:
        super().__init__()
        self.laps = -1
        self.phase = Phase.MATCH

    def lap(self, phase: Phase) -> None:
        """Charge the time since the last lap to a phase, or die."""
        super().lap(phase)
        if self.laps == 0:
            self.phase = phase
            raise Killed
        self.laps -= self.laps > 0
