"""qtg: `qtg/Execution-v0` in the default market; alone as `gymnasium.make` makes it."""

from itertools import cycle
from typing import Any

from .side import AGENTS, STEPS, Side

SETTINGS = {"steps": STEPS, "parent": 1_000, "size": 20}


class Qtg(Side):
    """One environment with Gymnasium's wrappers, or many in one set of columns."""

    def __init__(self, envs: int) -> None:
        import gymnasium

        from qtg.registration import register_environments

        register_environments()
        settings: dict[str, Any] = {**SETTINGS, "config": {"background.count": AGENTS}}
        self.alone = envs == 1
        if self.alone:
            self.turn = 1_000  # type: ignore[misc]
            self.env: Any = gymnasium.make("qtg/Execution-v0", **settings)
        else:
            self.env = gymnasium.make_vec(
                "qtg/Execution-v0",
                envs,
                "vector_entry_point",
                autoreset_mode="SameStep",
                **settings,
            )
        self.envs = envs
        self.env.reset(seed=1)
        self.env.action_space.seed(1)
        self.actions = cycle([self.env.action_space.sample() for _ in range(64)])

    def step(self, action: Any) -> None:
        _, _, terminated, truncated, _ = self.env.step(action)
        if self.alone and (terminated or truncated):
            self.env.reset()

    @property
    def orders(self) -> float:
        batch = self.env.unwrapped.batch
        parts = getattr(batch, "parts", (batch,))
        total, ticks = 0, 50
        for _ in range(ticks):
            self.step(next(self.actions))
            total += sum(each.market.sim.counts.orders_background for each in parts)
        return total / ticks / self.envs
