"""Accounts in reserve, and who has taken which."""

from collections.abc import Mapping

from ..agents.guests import GUEST
from ..errors import BridgeError, ConfigError
from ..simulation import Simulation


class Reserve:
    """The guests' accounts of a run, by name once they are taken.

    Parameters
    ----------
    sim : Simulation
    names : mapping, optional    accounts that are taken already: name to agent
    """

    def __init__(self, sim: Simulation, names: Mapping[str, int] | None) -> None:
        self._sim = sim
        guests = sim.agents(GUEST).tolist() if GUEST in sim.kinds else []
        self.names: dict[str, int] = dict(names or {})
        for name, agent in self.names.items():
            if agent not in guests:
                raise ConfigError(f"agent {agent}, named {name!r}, is no guest of this run")
        self._n = len(guests)
        self._free = [agent for agent in guests if agent not in self.names.values()]

    def find(self, name: str) -> int:
        """The next account for somebody of a new name; it stays free until it is taken."""
        if not name or name in self.names:
            raise BridgeError(f"the name {name!r} is taken or empty; choose another")
        if not self._free:
            raise BridgeError(
                f"no account is left in reserve: {self._n} of kind guest are taken; configure a "
                "population of kind guest with a larger count"
            )
        return int(self._free[0])

    def take(self, name: str, agent: int) -> None:
        """The account belongs to `name` from now on."""
        self._free.remove(agent)
        self.names[name] = agent
