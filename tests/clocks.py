"""The clocks of a simulation, set by hand: for tests that call a single phase of a tick."""

import numpy as np

from qtg.exchange import Exchange
from qtg.kernels.random import Moment
from qtg.simulation import Simulation


def at(sim: Simulation, tick: int) -> Exchange:
    """The exchange, with every environment in this tick."""
    exchange = sim.exchange
    exchange.queue.now[0] = tick
    exchange.moment.tick[:] = tick
    return exchange


def moment(tick: int, envs: tuple[int, ...] = (0,), seed: int = 3) -> Moment:
    """Environments that are all in this tick."""
    n = len(envs)
    return Moment(np.full(n, seed, np.uint64), np.array(envs, np.int64), np.full(n, tick, np.int64))
