"""A batch as a Stable-Baselines3 `VecEnv`."""

import time
from typing import Any

import gymnasium
import numpy as np
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import VecEnv

from qtg.schemas import I64

from ..errors import ConfigError
from ..number_checks import check_counts
from .actions import checked
from .batch import F32, Batch
from .seeds import Seeds
from .vector import BatchVectorEnv

_OF_THE_BATCH = ("begin", "step", "observe", "close")  # these move all rows, in their order


class BatchVecEnv(VecEnv):
    """Many environments in one set of columns, as Stable-Baselines3 wants them.

    An environment that ends begins anew in the same step, and row k does what row k of
    `BatchVectorEnv` does in the mode SAME_STEP. Only rows that end cost Python: their info has
    `terminal_observation`, `TimeLimit.truncated`, `episode` (as of a `Monitor`, so none is needed)
    and the batch's own columns at the end; all others share an empty one.

    Parameters
    ----------
    batch : Batch
    """

    def __init__(self, batch: Batch) -> None:
        self.batch, self.seeds = batch, Seeds(batch.num_envs)
        self._rows = np.arange(batch.num_envs)
        self._seeded, self._actions = False, np.zeros(0)
        self._returns, self._lengths = np.zeros(batch.num_envs), np.zeros(batch.num_envs, np.int64)
        self._made = time.monotonic()
        super().__init__(batch.num_envs, batch.observation_space, batch.action_space)

    def reset(self) -> np.ndarray:
        """Begin an episode in every row: the one of its seed, if `seed` was called, or its next."""
        if not self._seeded:
            drawn = np.random.default_rng().integers(1 << 63, size=self.num_envs)
            self.seeds.give(self._rows, drawn.astype(np.uint64))
            self._seeded = True
        for row, seed in enumerate(self._seeds):
            if seed is not None:
                self.seeds.give(self._rows[row : row + 1], [seed])
        self._begin(self._rows)
        self.reset_infos = [{} for _ in range(self.num_envs)]
        self._reset_seeds()
        self._reset_options()
        return self._observe()

    def step_async(self, actions: np.ndarray) -> None:
        """Say what all environments do next.

        Raises
        ------
        ConfigError    an action is not in the space, or `reset` was never called
        """
        if not self._seeded:
            raise ConfigError("no episode is going on; call reset first")
        self._actions = checked(actions, self.action_space, self.num_envs)

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """Do it: observations, rewards float32 (num_envs,), ends bool (num_envs,), infos.

        Raises
        ------
        ConfigError    a reward is not finite, from which nothing could be learned
        """
        outcome = self.batch.step(self._actions)
        with np.errstate(over="ignore"):
            reward = outcome.reward.astype(np.float32)  # as learners have it
        wrong = ~np.isfinite(reward)
        if wrong.any():
            first = np.flatnonzero(wrong)[0]
            raise ConfigError(
                f"the reward of environment {first} is {reward[first]}; choose another"
            )
        self._returns += outcome.reward
        self._lengths += 1
        ended = outcome.terminated | outcome.truncated
        infos: list[dict[str, Any]] = [{}] * self.num_envs
        rows = np.flatnonzero(ended)
        if len(rows):
            for row, info in zip(rows, self._ends(rows, outcome.truncated), strict=True):
                infos[row] = info
            self._begin(rows)
        return self._observe(), reward, ended, infos

    def close(self) -> None:
        """Let go of the batch."""
        self.batch.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """An attribute of the batch, for each row: of a column its element, else all the same."""
        if attr_name == "render_mode":
            return [None for _ in self._get_indices(indices)]
        return self._by_row(getattr(self.batch, attr_name), indices)

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Set an attribute of the batch; of single rows only if it is a column.

        Raises
        ------
        ConfigError    it is one for all rows
        """
        there: Any = getattr(self.batch, attr_name, None)
        rows = list(self._get_indices(indices))
        if self._is_column(there):
            there[rows] = value
        elif len(rows) == self.num_envs:
            setattr(self.batch, attr_name, value)
        else:
            raise ConfigError(f"{attr_name} is one for all environments; set it without indices")

    def env_method(
        self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method of the batch once; of columns that it gives, each row has its element.

        Raises
        ------
        ConfigError    the method moves all rows
        """
        if method_name in ("reset", *_OF_THE_BATCH):
            raise ConfigError(f"{method_name} is for all environments at once, not one by one")
        if method_name == "observation_contract":  # as single environments have it
            return self.get_attr("contract", indices)
        found = getattr(self.batch, method_name)(*method_args, **method_kwargs)
        if not isinstance(found, dict):
            return self._by_row(found, indices)
        columns = {name: self._by_row(column, indices) for name, column in found.items()}
        n = len(list(self._get_indices(indices)))
        return [{name: column[k] for name, column in columns.items()} for k in range(n)]

    def env_is_wrapped(self, wrapper_class: type[gymnasium.Wrapper], indices: Any = None) -> Any:
        """Whether there is such a wrapper around each: a `Monitor` as it were, and no other."""
        return [wrapper_class is Monitor for _ in self._get_indices(indices)]

    def _begin(self, rows: I64) -> None:
        self._returns[rows], self._lengths[rows] = 0.0, 0
        self.batch.begin(rows, self.seeds.next(rows))

    def _ends(self, rows: I64, truncated: np.ndarray) -> list[dict[str, Any]]:
        last, seconds = self._observe(), round(time.monotonic() - self._made, 6)
        columns = {name: column[rows].tolist() for name, column in self.batch.info().items()}
        return [
            {name: column[k] for name, column in columns.items()}
            | {
                "terminal_observation": last[row],
                "TimeLimit.truncated": bool(truncated[row]),
                "episode": {
                    "r": float(self._returns[row]),
                    "l": int(self._lengths[row]),
                    "t": seconds,
                },
            }
            for k, row in enumerate(rows)
        ]

    def _observe(self) -> F32:
        seen: F32 = np.empty(
            (self.num_envs, *(self.observation_space.shape or ())), np.float32
        )  # a learner keeps it until it has the next one
        self.batch.observe(seen)
        return seen

    def _is_column(self, value: Any) -> bool:
        return isinstance(value, np.ndarray) and value.shape[:1] == (self.num_envs,)

    def _by_row(self, value: Any, indices: Any) -> list[Any]:
        rows = self._get_indices(indices)
        return [value[row] if self._is_column(value) else value for row in rows]


def make_sb3(name: str, num_envs: int = 1, **settings: Any) -> BatchVecEnv:
    """Environments for Stable-Baselines3.

    Parameters
    ----------
    name : str        as Gymnasium has it, such as "qtg/Execution-v0"
    num_envs : int
    settings          of the environment

    Raises
    ------
    ConfigError    no such environment, or it is not one of qtg's batches

    Examples
    --------
    >>> env = make_sb3("qtg/AvellanedaStoikov-v0", num_envs=3)
    >>> env.reset().shape
    (3, 2)
    """
    return BatchVecEnv(make_batch(name, num_envs, **settings))


def make_batch(name: str, num_envs: int = 1, **settings: Any) -> Batch:
    """The batch of an environment that Gymnasium knows by its name.

    Raises
    ------
    ConfigError    no such environment, or it is not one of qtg's batches
    """
    check_counts("environments", num_envs=num_envs)
    try:
        spec = gymnasium.spec(str(name))
    except gymnasium.error.Error as error:
        known = ", ".join(sorted(each for each in gymnasium.registry if each.startswith("qtg/")))
        raise ConfigError(f"no environment {name!r} ({error}); qtg has {known}") from None
    made, entry = None, spec.vector_entry_point
    if entry is not None and (callable(entry) or entry.startswith("qtg.")):
        made = gymnasium.make_vec(spec, num_envs, "vector_entry_point", **settings).unwrapped
    if not isinstance(made, BatchVectorEnv):
        raise ConfigError(f"{name} is no environment in columns; make it with gymnasium.make")
    return made.batch
