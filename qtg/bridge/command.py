"""What travels through the queue: something to do on the simulation thread, and its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from .promise import Promise

if TYPE_CHECKING:
    from .service import Service

Work = Callable[["Service"], Any]


class Stage(IntEnum):
    """How far a command has come."""

    NEW = 0
    IN_LINE = 1  # the queue is full, and its sender waits for room
    QUEUED = 2
    TAKEN = 3  # by the simulation thread
    WITHDRAWN = 4  # by its sender, who got tired of waiting


@dataclass
class TickJob:
    """Ticks that a command asks for."""

    ticks: int
    left: int
    given_up: bool = False  # its sender does not wait any more, and wants no further tick


class Command(Promise):
    """One thing to do, and a promise of its answer.

    Attributes
    ----------
    name : str          what the sender called
    work : callable     is called with the `Service`, and returns the answer
    job : TickJob       instead of work: the answer is the tick after so many of them
    stage : Stage       changed under the queue's lock only
    """

    __slots__ = ("job", "name", "stage", "work")

    def __init__(self, name: str, work: Work | None = None, ticks: int = 0) -> None:
        super().__init__()
        self.name, self.work = name, work
        self.job = TickJob(ticks, ticks) if ticks else None
        self.stage = Stage.NEW

    def carry_out(self, service: Service) -> None:
        """Do it, on the simulation thread. What goes wrong is the sender's alone."""
        if self.job is not None:
            service.pace.add(self, self.job)
        elif self.work is not None:
            self.resolve(self.work(service))
