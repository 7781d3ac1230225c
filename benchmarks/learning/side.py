"""What each side offers to the comparison. Needs nothing but NumPy."""

from abc import ABC, abstractmethod
from itertools import cycle
from time import perf_counter
from typing import Any, ClassVar

AGENTS, STEPS = 66, 200  # in the background; of an episode


class Side(ABC):
    """Markets of one simulator, `envs` of them.

    Attributes
    ----------
    turn : int    steps that are timed at once
    """

    turn: ClassVar[int] = 20
    actions: "cycle[Any]"

    @property
    @abstractmethod
    def orders(self) -> float:
        """Background orders that one market's step carries, on average."""

    @abstractmethod
    def step(self, action: Any) -> None:
        """Move all markets on, and begin again where an episode has ended."""

    def once(self) -> float:
        """Seconds for `turn` steps of all markets."""
        start = perf_counter()
        for _ in range(self.turn):
            self.step(next(self.actions))
        return perf_counter() - start
