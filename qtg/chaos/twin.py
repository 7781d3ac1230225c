"""The run that nothing happens to."""

from ..config import Config
from ..errors import OrderError
from ..inputs import InputKind
from ..simulation import Simulation
from .counts import Flow
from .traffic import Message


def offer(sim: Simulation, message: Message) -> bool:
    """Send an input to a market; whether its door lets it in."""
    try:
        if message.kind == InputKind.ORDERS:
            sim.submit(message.columns)
        else:
            sim.inputs.add(sim.tick + 1, message.kind, message.columns)
    except OrderError:
        return False
    return True


class Twin:
    """A market that takes the same orders in the same ticks, in memory, without a log.

    Attributes
    ----------
    hashes : list of str    after each tick, from tick 0 on
    inputs : list of int    orders let in before the end of each tick
    """

    def __init__(self, config: Config, flow: Flow) -> None:
        self.sim = Simulation(config)
        self.hashes = [self.sim.trace_hash]
        self.inputs = [0]
        self._flow = flow

    def advance(self, messages: list[Message]) -> None:
        """Make the next tick, with these orders; counts where they go."""
        for message in messages:
            inside = offer(self.sim, message)
            (self._flow.taken if inside else self._flow.refused).add(message)
        self.sim.step()
        self.hashes.append(self.sim.trace_hash)
        self.inputs.append(self.sim.inputs.sequence)
