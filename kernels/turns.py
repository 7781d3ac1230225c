"""When an agent acts: every so many ticks, and then with a probability."""

import numpy as np

from qtg.schemas import Stream

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


@kernel
def draw_turns(env, agent, probability, moment, out):
    """Who acts in this tick, if everybody does so with the same probability.

    Parameters
    ----------
    env, agent : int32 (n,)
    probability : float
    moment : Moment
    out : bool (n,)    modified in place
    """
    for i in range(len(agent)):
        its = env[i]
        lane_word = lane(moment.env[its], Stream.SMART)
        u, _ = uniform_pair(moment.seed[its], lane_word, np.int64(agent[i]), moment.tick[its], 0)
        out[i] = u < probability
