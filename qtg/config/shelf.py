"""Settings that come with qtg: TOML files in a folder of `qtg.data`."""

from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from qtg.errors import ConfigError

from .spelling import did_you_mean

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

SUFFIX = ".toml"


class Shelf(NamedTuple):
    """The files of a folder, by name."""

    folder: str
    what: str  # what one of them is called in messages

    def names(self) -> tuple[str, ...]:
        """What there is, in alphabetical order."""
        names = (entry.name for entry in self._place.iterdir())
        return tuple(sorted(name[: -len(SUFFIX)] for name in names if name.endswith(SUFFIX)))

    def text(self, name: str) -> str:
        """The TOML text of one.

        Raises
        ------
        ConfigError    there is none of this name
        """
        if name not in self.names():
            raise ConfigError(f"no {self.what} {name!r}; {self.hint(name)}")
        return (self._place / f"{name}{SUFFIX}").read_text(encoding="utf-8")

    def hint(self, name: str) -> str:
        """What to write instead of a name that there is none of."""
        return did_you_mean(name, self.names())

    @property
    def _place(self) -> "Traversable":
        return files("qtg.data") / self.folder
