"""Fair values of a run."""

import numpy as np

from qtg.kernels.fundamentals import Diffusion, Fundamentals, move_fair_value

from .config import Config
from .config.fair_value import DAYS_PER_YEAR, HOURS_PER_DAY, FairValueProcess
from .exchange import Exchange


class FairValues:
    """The seeded process behind each symbol's fair value."""

    def __init__(self, config: Config, exchange: Exchange) -> None:
        process = config.fair_value
        per_day = HOURS_PER_DAY * 3_600_000 / config.tick_ms
        per_year = per_day * DAYS_PER_YEAR
        grows = process.process == FairValueProcess.GBM
        reverts = process.process == FairValueProcess.MEAN_REVERTING
        start = exchange.view.fair_value.astype(np.float64)
        self.state = Fundamentals(start, start.copy(), np.zeros_like(start))
        self._diffusion = Diffusion(
            process.drift / per_year if grows else 0.0,
            process.volatility / np.sqrt(per_year) if grows or reverts else 0.0,
            process.reversion / per_day if reverts else 0.0,
            process.correlation,
            exchange.terms.symbols,
        )

    def move(self, exchange: Exchange, tick: int) -> None:
        """Advance every fair value by one tick."""
        venue = exchange.venue
        move_fair_value(
            self.state, self._diffusion, venue.seed, venue.envs, tick, exchange.view.fair_value
        )
