"""Strategies of installed packages: entry points of the group `qtg.strategies`.

They are looked for only when a configuration names a kind that is not known, or when all are to be
listed: reading what is installed takes longer than `import qtg`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ConfigError, StrategyError
from .failure import told

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "qtg.strategies"


def installed() -> dict[str, EntryPoint]:
    """The entry points by name, which is the name of the kind.

    Raises
    ------
    ConfigError    two packages offer the same name
    """
    from importlib.metadata import entry_points

    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=GROUP):
        held = found.setdefault(entry.name, entry)
        if held.value != entry.value:
            raise ConfigError(
                f"the packages {package_of(held)} and {package_of(entry)} both offer a strategy "
                f"called {entry.name!r}; uninstall one"
            )
    return found


def load(entry: EntryPoint) -> None:
    """Import what an entry point names, which registers the strategy.

    Raises
    ------
    StrategyError    it cannot be imported
    """
    try:
        entry.load()
    except (Exception, SystemExit) as error:
        raise StrategyError(
            f"the strategy {entry.name!r} of package {package_of(entry)} cannot be loaded from "
            f"{entry.value}: {told(error)}"
        ) from error


def package_of(entry: EntryPoint) -> str:
    """The name of the package that an entry point belongs to."""
    return entry.dist.name if entry.dist is not None else entry.module.partition(".")[0]
