"""When news comes, and how strong it is."""

from qtg.schemas import Stream

from ._jit import kernel
from .random import lane, normal_pair, uniform_pair

OCCURS, STRENGTH, DURATION = 0, 1, 2  # draws


@kernel
def find_news(chance, seed, env_id, tick, ticks, out_tick, out_source):
    """Draw which sources have news in `ticks` ticks from `tick` on.

    Parameters
    ----------
    chance : float64 (source,)    chance in a tick; 1 or more always, 0 never
    out_tick, out_source : int64 (n,)    out, in order of tick, then source; long enough

    Returns
    -------
    int    how many events
    """
    n = 0
    lane_word = lane(env_id, Stream.NEWS)
    for each in range(tick, tick + ticks):
        for source in range(chance.shape[0]):
            if chance[source] > 0.0:
                u, _ = uniform_pair(seed, lane_word, source, each, OCCURS)
                if u < chance[source]:
                    out_tick[n], out_source[n] = each, source
                    n += 1
    return n


@kernel
def draw_news(seed, env_id, tick, source, n, out_z, out_u):
    """A standard normal and a uniform number for each of `n` events (float64 (n,), out)."""
    lane_word = lane(env_id, Stream.NEWS)
    for i in range(n):
        out_z[i], _ = normal_pair(seed, lane_word, source[i], tick[i], STRENGTH)
        out_u[i], _ = uniform_pair(seed, lane_word, source[i], tick[i], DURATION)
