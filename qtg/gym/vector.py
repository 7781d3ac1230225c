"""A batch as a Gymnasium vector environment."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.utils.seeding import np_random
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from qtg.schemas import F64, I64

from ..errors import ConfigError
from ..number_checks import check_flags
from .actions import checked
from .batch import F32, Batch, Flags
from .seeds import Seeds

Infos = dict[str, Any]


class BatchVectorEnv(VectorEnv[np.ndarray, Any, np.ndarray]):
    """Many environments in one set of columns.

    Parameters
    ----------
    batch : Batch
    autoreset_mode : AutoresetMode or str    "NextStep", "SameStep" or "Disabled", as Gymnasium
        has them
    copy : bool    whether observations are new arrays in every step; else one buffer is written
        again and again
    """

    def __init__(
        self,
        batch: Batch,
        *,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        copy: bool = True,
    ) -> None:
        try:
            self._mode = AutoresetMode(autoreset_mode)
        except ValueError:
            modes = ", ".join(repr(mode.value) for mode in AutoresetMode)
            raise ConfigError(
                f"autoreset_mode must be one of {modes}, got {autoreset_mode!r}"
            ) from None
        check_flags("environments", copy=copy)
        self.metadata = {"autoreset_mode": self._mode, "render_modes": []}
        self.batch, self.num_envs = batch, batch.num_envs
        self.single_observation_space = batch.observation_space
        self.single_action_space = batch.action_space
        self.observation_space = batch_space(batch.observation_space, self.num_envs)
        self.action_space = batch_space(batch.action_space, self.num_envs)
        self._seeds = Seeds(self.num_envs)
        self._rows = np.arange(self.num_envs)
        self._ended: Flags = np.ones(self.num_envs, bool)  # no episode is going on in these rows
        self._seeded = False
        self._copy = copy
        shape = self.num_envs, *(batch.observation_space.shape or ())
        self._seen: F32 = np.zeros(shape, np.float32)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[np.ndarray, Infos]:
        """Begin episodes in all environments, or in those of `options["reset_mask"]`.

        Parameters
        ----------
        seed : int or sequence, optional    of environment 0, the others have the following; or one
            for each, where None goes on to the environment's next episode
        options : dict, optional            "reset_mask": bool (num_envs,)
        """
        rows = self._asked(options)
        self._give(rows, seed)
        self._begin(rows)
        return self._observe(), self._infos(rows)

    def step(self, actions: Any) -> tuple[np.ndarray, F64, Flags, Flags, Infos]:
        """Move all environments on by one step.

        Raises
        ------
        ConfigError    an action is not in the space; or an episode is over, or none has begun
        """
        late = np.flatnonzero(self._ended)
        if len(late) and (self._mode != AutoresetMode.NEXT_STEP or not self._seeded):
            raise ConfigError(f"environment {late[0]} has no episode going on; call reset first")
        outcome = self.batch.step(checked(actions, self.single_action_space, self.num_envs))
        self._ended = outcome.terminated | outcome.truncated
        if len(late):
            self._begin(late)
            for column in (*outcome, self._ended):
                column[late] = 0
        if self._mode == AutoresetMode.SAME_STEP and self._ended.any():
            infos = self._infos_of_the_end(np.flatnonzero(self._ended))
        else:
            infos = self._infos(self._rows)
        return self._observe(), *outcome, infos

    def close_extras(self, **_: Any) -> None:
        """Let go of the batch."""
        self.batch.close()

    def _begin(self, rows: I64) -> None:
        self.batch.begin(rows, self._seeds.next(rows))
        self._ended[rows] = False

    def _infos_of_the_end(self, rows: I64) -> Infos:
        """Begin anew in `rows`, and say how the episodes there ended beside how they begin."""
        last = np.empty((len(rows), *self._seen.shape[1:]), np.float32)
        self.batch.observe(last, rows)
        over = self._infos(rows)
        self._begin(rows)
        infos, mask = self._infos(self._rows), np.zeros(self.num_envs, bool)
        mask[rows] = True
        final = np.full(self.num_envs, None, object)
        for row, seen in zip(rows, last, strict=True):
            final[row] = seen
        infos |= {"final_obs": final, "_final_obs": mask}
        infos |= {"final_info": over, "_final_info": mask.copy()}
        return infos

    def _infos(self, rows: I64) -> Infos:
        there = np.zeros(self.num_envs, bool)
        there[rows] = True
        infos, everywhere = Infos(), len(rows) == self.num_envs
        for name, column in self.batch.info().items():
            if not everywhere:
                column[~there] = np.zeros(1, column.dtype)
            infos[name], infos[f"_{name}"] = column, there.copy()
        return infos

    def _observe(self) -> F32:
        self.batch.observe(self._seen)
        return self._seen.copy() if self._copy else self._seen

    def _asked(self, options: dict[str, Any] | None) -> I64:
        mask = (options or {}).get("reset_mask")
        if mask is None:
            return self._rows
        if not isinstance(mask, np.ndarray) or mask.dtype != bool:
            raise ConfigError("reset_mask must be an array of bool")
        if mask.shape != (self.num_envs,) or not mask.any():
            raise ConfigError(
                f"reset_mask must have shape ({self.num_envs},) and name at least one environment"
            )
        return np.flatnonzero(mask)

    def _give(self, rows: I64, seed: int | Sequence[int | None] | None) -> None:
        """Seeds for the rows that are asked for; all have one from the first reset on."""
        if not self._seeded:
            drawn = self.np_random.integers(1 << 63, size=self.num_envs, dtype=np.int64)
            self._seeds.give(self._rows, [int(each) for each in drawn])
            self._seeded = True
        if seed is None:
            return
        if isinstance(seed, int | np.integer):
            if seed < 0:
                raise ConfigError(f"a seed must be 0 or more, got {seed}")
            self._np_random, self._np_random_seed = np_random(int(seed))
            seed = [int(seed) + row for row in range(self.num_envs)]
        if isinstance(seed, str) or not hasattr(seed, "__len__"):
            raise ConfigError(f"a seed must be a whole number, or one for each, got {seed!r}")
        if len(seed) != self.num_envs:
            raise ConfigError(f"{len(seed)} seeds were given for {self.num_envs} environments")
        given = [(row, each) for row in rows if (each := seed[row]) is not None]
        if given:
            places, values = zip(*given, strict=True)
            self._seeds.give(np.array(places), values)
