"""The time that a gateway lives in; tests and chaos runs turn it by hand."""

from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now_ns(self) -> int:
        """Nanoseconds since some moment."""


class ManualClock:
    """A clock that stands until somebody moves it; never backwards.

    Examples
    --------
    >>> clock = ManualClock()
    >>> clock.advance(5)
    >>> clock.move_to(3)
    >>> clock.now_ns()
    5
    """

    def __init__(self) -> None:
        self._now = 0

    def now_ns(self) -> int:
        """Nanoseconds since the start."""
        return self._now

    def advance(self, ns: int) -> None:
        """Let time pass."""
        self._now += ns

    def move_to(self, ns: int) -> None:
        """Let time pass until then, if that is still to come."""
        self._now = max(self._now, ns)
