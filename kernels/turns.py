"""When an agent acts: every so many ticks, and then with a probability."""

from ._jit import kernel
from .random import uniform_pair


@kernel
def has_turn(rows, i, agent, tick, seed, lane_word):
    """Whether row `i` of a table with `every` and `probability` acts in this tick.

    Turns are spread over the agents, so that a population does not act as one.
    """
    if rows.every[i] > 1 and (tick + agent) % rows.every[i] != 0:
        return False
    if rows.probability[i] >= 1.0:
        return True
    u, _ = uniform_pair(seed, lane_word, agent, tick, 0)
    return u < rows.probability[i]
