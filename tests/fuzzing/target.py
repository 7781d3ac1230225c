"""What a campaign needs of a reader."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, NamedTuple

from .blind import Draw


class Case(NamedTuple):
    """A damaged file, or several."""

    source: int  # which of the target's whole files it was made of
    data: Any  # bytes, or bytes by name
    informed: bool  # its checksums are right, so that it may say something else than before
    until: int | None = None  # last record of a log to read


class Target(ABC):
    """A reader, and files for it that are whole.

    Attributes
    ----------
    noun : str            what is damaged
    beyond_every : int    of so many files that can be read and are of a run, one goes further
    """

    noun: str
    beyond_every: int

    @abstractmethod
    def damaged(self, number: int, draw: Draw) -> Case:
        """The case of a number; what is not drawn follows from the number."""

    @abstractmethod
    def read(self, case: Case, found: list[Any]) -> None:
        """Read all there is, adding what it says to `found` as it comes; raises QtgError."""

    @abstractmethod
    def agrees(self, case: Case, found: list[Any], complete: bool) -> bool:
        """Whether what was found of a blindly damaged file is true, and not more than was kept."""

    def is_run(self, case: Case) -> bool:
        """Whether a run can be made of a case, if it can be read."""
        return True

    @abstractmethod
    def beyond(self, case: Case) -> str:
        """What became of the run that a case is of; raises QtgError."""

    @abstractmethod
    def keep(self, case: Case, place: Path) -> None:
        """Write a case to a file or folder."""
