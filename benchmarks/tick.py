"""Whole ticks with Parquet streaming on; 100,000 and a million agents."""

from statistics import median
from typing import Any

import numpy as np

from qtg.bench.tick import MILLION, TickRun
from qtg.config import Config
from qtg.simulation import Simulation

MARKETS: dict[str, dict[str, Any]] = {
    "normal": {},
    "crisis": {"background.regime": "crisis"},
    "million": MILLION,
}


class Tick:
    """Ten symbols; idle agents are free, so `track_orders` stands beside the times."""

    params = tuple(MARKETS)
    param_names = ("market",)
    timeout = 600

    def setup(self, market: str) -> None:
        self.run = TickRun(MARKETS[market])
        self.samples = [self.run.milliseconds() for _ in range(200)]

    def track_median(self, market: str) -> float:
        return median(self.samples)

    def track_p99(self, market: str) -> float:
        return float(np.quantile(self.samples, 0.99))

    def track_orders(self, market: str) -> float:
        return self.run.orders / self.run.ticks

    track_median.unit = "ms"
    track_p99.unit = "ms"
    track_orders.unit = "orders/tick"


class Build:
    """100,000 agents, kernels compiled."""

    def setup(self) -> None:
        self.config = Config.preset("demo")
        Simulation(self.config)

    def time_build(self) -> None:
        Simulation(self.config)
