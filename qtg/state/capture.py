"""A running market as plain values and arrays, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..agents.failure import Benched
from ..config import Config
from ..errors import SnapshotError, one_line
from ..stateful import State, found, kept, put, shown, whole

if TYPE_CHECKING:
    from ..simulation import Simulation

MARKET = ("exchange", "economy", "board", "smart", "reactive", "background")
PARTS = (*MARKET, "publisher", "inputs", "checker")


@dataclass(frozen=True)
class Snapshot:
    """The state of a simulation at the end of a tick.

    Attributes
    ----------
    config : Config
    envs : tuple of int         environment ids
    tick : int                  the last tick that is in it
    trace_hashes : list         of each environment, 16 hex digits
    state : dict                see `qtg.stateful`
    """

    config: Config
    envs: tuple[int, ...]
    tick: int
    trace_hashes: list[str]
    state: State

    @property
    def population(self) -> int | None:
        """Whose agents every environment has, if they are all alike.

        Raises
        ------
        SnapshotError    it is no whole number
        """
        number = found(self.state, "population")
        return None if number is None else whole(self.state, "population", 0, (1 << 62) - 1)

    def kept(self) -> Snapshot:
        """A copy that does not change when the simulation goes on."""
        return Snapshot(self.config, self.envs, self.tick, self.trace_hashes, kept(self.state))


def capture(sim: Simulation) -> Snapshot:
    """The state of a simulation; its arrays are the simulation's own until `Snapshot.kept`.

    Raises
    ------
    SnapshotError    in the middle of a tick, or an agent keeps what no snapshot can
    """
    sim.check_idle()
    state = {
        "tick": sim.tick,
        "population": sim.population,
        "warm_until": sim._warm_until,
        "counts": dict(vars(sim.counts)),
        "benched": [list(each) for each in sim.benched],
        **{name: shown(getattr(sim, name)) for name in PARTS},
    }
    envs = tuple(int(env) for env in sim.exchange.venue.envs)
    return Snapshot(sim.config, envs, sim.tick, sim.trace_hashes, state)


def pour(snapshot: Snapshot, sim: Simulation) -> None:
    """Let a simulation that was just built go on from a snapshot.

    Raises
    ------
    SnapshotError    it was built from another configuration
    """
    state = snapshot.state
    try:
        for name in PARTS:
            put(getattr(sim, name), found(state, name), name)
        sim.tick = put(sim.tick, found(state, "tick"), "tick")
        sim._warm_until = put(sim._warm_until, found(state, "warm_until"), "warm_until")
        for name, count in vars(sim.counts).items():
            setattr(sim.counts, name, put(count, found(state["counts"], name), f"counts.{name}"))
        sim.benched.extend(Benched(*each) for each in found(state, "benched"))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise SnapshotError(f"the snapshot makes no sense: {one_line(error)}") from error
