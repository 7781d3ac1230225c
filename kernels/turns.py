"""When an agent acts: every so many ticks, and then with a probability."""

from ._jit import kernel
from .random import lane, uniform_pair


@kernel
def has_turn(rows, i, entity, moment, stream):
    """Whether row `i` of a table with `every` and `probability` acts in this tick.

    Turns are spread over the entities, so that a population does not act as one.

    Parameters
    ----------
    entity : int      the row's agent, or what else tells it from its like
    moment : Moment
    stream : Stream
    """
    env = rows.env[i]
    tick = moment.tick[env]
    if rows.every[i] > 1 and (tick + entity) % rows.every[i] != 0:
        return False
    if rows.probability[i] >= 1.0:
        return True
    u, _ = uniform_pair(moment.seed[env], lane(moment.env[env], stream), entity, tick, 0)
    return u < rows.probability[i]
