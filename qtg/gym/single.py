"""A batch of one as a Gymnasium environment."""

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np

from qtg.schemas import F64

from ..contract import Contract
from ..errors import ConfigError
from .actions import checked_action
from .batch import Batch
from .market_batch import MarketBatch
from .seeds import Seeds

_ROW = np.zeros(1, np.int64)


class BatchEnv(gymnasium.Env[np.ndarray, Any]):
    """One environment.

    Parameters
    ----------
    batch : Batch            of one environment
    render_mode : str, optional    "ansi": `render` says in a line where the episode stands
    first_seed : int, optional     for a first reset without one; else it is drawn
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1}

    def __init__(
        self, batch: Batch, render_mode: str | None = None, first_seed: int | None = None
    ) -> None:
        if batch.num_envs != 1:
            raise ConfigError(f"a single environment needs a batch of one, not {batch.num_envs}")
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise ConfigError(f'render_mode must be "ansi" or nothing, got {render_mode!r}')
        self.batch, self.render_mode = batch, render_mode
        self.observation_space, self.action_space = batch.observation_space, batch.action_space
        self._seeds = Seeds(1)
        self._first = first_seed
        self._seeded, self._steps, self._over = False, 0, True

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin an episode: the one of `seed`, or the next."""
        if seed is None and not self._seeded:
            seed = self._first
        super().reset(seed=seed)
        if seed is not None or not self._seeded:
            first = int(self.np_random.integers(1 << 63)) if seed is None else seed
            self._seeds.give(_ROW, [first])
            self._seeded = True
        self.batch.begin(_ROW, self._seeds.next(_ROW))
        self._steps, self._over = 0, False
        return self._observation(), self._info()

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Move on by one step.

        Raises
        ------
        ConfigError    the episode is over or has not begun, or the action is not in the space
        """
        if self._over:
            raise ConfigError("no episode is going on; call reset first")
        actions = checked_action(action, self.action_space)[np.newaxis]
        outcome = self.batch.step(actions)
        terminated, truncated = bool(outcome.terminated[0]), bool(outcome.truncated[0])
        self._steps, self._over = self._steps + 1, terminated or truncated
        reward = float(outcome.reward[0])
        return self._observation(), reward, terminated, truncated, self._info()

    def render(self) -> str | None:
        """A line about the present step, in mode "ansi"."""
        if self.render_mode is None:
            return None
        return line_about(self._steps, self._info())

    def close(self) -> None:
        """Let go of the batch; it can be called again."""
        self.batch.close()

    def _observation(self) -> np.ndarray:
        seen = np.empty((1, *(self.observation_space.shape or ())), np.float32)
        self.batch.observe(seen)
        observation: np.ndarray = seen[0]
        return observation

    def _info(self) -> dict[str, Any]:
        return {name: column[0].item() for name, column in self.batch.info().items()}


def line_about(steps: int, info: Mapping[str, Any]) -> str:
    """Where an episode stands, for people."""
    said = {
        name: f"{value:g}" if not isinstance(value, str) else value for name, value in info.items()
    }
    return f"step {steps}: " + ", ".join(f"{name} {value}" for name, value in said.items() if value)


class MarketEnv(BatchEnv):
    """One environment on the real book."""

    batch: MarketBatch

    def observation_contract(self) -> Contract:
        """What each number of an observation is."""
        return self.batch.contract

    def raw_market_data(self) -> dict[str, F64]:
        """Everything that observations are made of, by name, float64 (1,) each."""
        return self.batch.raw_market_data()
