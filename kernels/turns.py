"""When an agent acts: every so many ticks, and then with a probability."""

from ._jit import kernel
from .random import lane, uniform_pair


@kernel
def has_turn(rows, i, entity, random, stream, tick):
    """Whether row `i` of a table with `every` and `probability` acts in this tick.

    Turns are spread over the entities, so that a population does not act as one.

    Parameters
    ----------
    entity : int      the row's agent, or what else tells it from its like
    random : (seed, envs)
    stream : Stream
    """
    if rows.every[i] > 1 and (tick + entity) % rows.every[i] != 0:
        return False
    if rows.probability[i] >= 1.0:
        return True
    seed, envs = random
    u, _ = uniform_pair(seed, lane(envs[rows.env[i]], stream), entity, tick, 0)
    return u < rows.probability[i]
