"""When news comes, and how strong it is."""

from qtg.schemas import Stream

from ._jit import kernel
from .random import lane, normal_pair, uniform_pair

OCCURS, STRENGTH, DURATION = 0, 1, 2  # draws


@kernel
def find_news(chance, timetable, moment, out_env, out_source):
    """Find which sources have news in this tick, by chance or by timetable.

    Parameters
    ----------
    chance : float64 (source,)    chance in a tick; 1 or more always, 0 never
    timetable : (int64 (source,), int64 (source,))    ticks from one event to the next, 0 for what
        has no timetable, and the remainder at which they come
    moment : Moment
    out_env, out_source : int64 (n,)    out, in order of environment, then source; long enough

    Returns
    -------
    int    how many events
    """
    n = 0
    every, phase = timetable
    for env in range(moment.tick.shape[0]):
        seed, tick = moment.seed[env], moment.tick[env]
        lane_word = lane(moment.env[env], Stream.NEWS)
        for source in range(chance.shape[0]):
            comes = every[source] > 0 and tick % every[source] == phase[source]
            if chance[source] > 0.0:
                u, _ = uniform_pair(seed, lane_word, source, tick, OCCURS)
                comes = u < chance[source]
            if comes:
                out_env[n], out_source[n] = env, source
                n += 1
    return n


@kernel
def draw_news(env, source, moment, out_z, out_u):
    """A standard normal and a uniform number for each event, of sources and environments int64
    (n,), now (float64 (n,), out)."""
    for i in range(env.shape[0]):
        seed, tick = moment.seed[env[i]], moment.tick[env[i]]
        lane_word = lane(moment.env[env[i]], Stream.NEWS)
        out_z[i], _ = normal_pair(seed, lane_word, source[i], tick, STRENGTH)
        out_u[i], _ = uniform_pair(seed, lane_word, source[i], tick, DURATION)
