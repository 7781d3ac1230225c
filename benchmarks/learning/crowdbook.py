"""crowdbook-engine: a simulator in C++ with a pool of markets for learning (PolyForm Shield 1.0.0:
its source can be read and used, but not for a product that competes with it).

Its random traders send limit and market orders at Poisson times: together as many a second as a
step of qtg's default market carries, with a decision a second.
"""

import math
from itertools import cycle
from typing import Any

import numpy as np

from .side import AGENTS, STEPS, Side

LIMITS, MARKETS = 0.27, 0.03  # orders a second of each trader
WARMUP = 60
SCENARIO = f"""
seed = 1
duration = "{WARMUP + STEPS}s"
reference_price = 10000

[learning]
interval = "1s"
warmup = "{WARMUP}s"
depth_levels = 10

[[agents]]
type = "zero_intelligence"
count = {AGENTS}
limit_rate = {LIMITS}
market_rate = {MARKETS}
cancel_rate = 0.05
"""


class Crowdbook(Side):
    """A pool on one thread."""

    threads = 1

    def __init__(self, envs: int) -> None:
        import crowdbook_learn

        self.pool = crowdbook_learn.Pool.from_text(SCENARIO, envs, threads=self.threads)
        self.envs, self.next_seed = envs, 0
        self._begin(np.ones(envs, bool))
        rng = np.random.default_rng(1)
        codes, sizes = len(self.pool.action_names), len(self.pool.sizes)
        self.actions = cycle([rng.integers(0, [codes, sizes], (envs, 2)) for _ in range(64)])
        self.turn = max(20, math.ceil(500 / envs))  # type: ignore[misc]

    def _begin(self, where: np.ndarray) -> None:
        seeds = range(self.next_seed, self.next_seed + self.envs)
        self.next_seed += self.envs
        self.pool.reset(seeds=seeds, mask=where)

    def step(self, action: Any) -> None:
        _, _, terminated, truncated, _ = self.pool.step(action)
        over = terminated | truncated
        if over.any():
            self._begin(over)

    @property
    def orders(self) -> float:
        return AGENTS * (LIMITS + MARKETS)


class EveryCore(Crowdbook):
    """The same on all processors."""

    threads = 0
