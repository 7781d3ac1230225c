"""How long orders travel."""

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from .base import Model, setting
from .problem import SettingError
from .types import Switch, Whole

LONGEST = 4096


class Latency(Model):
    """The global switch, the default and the longest delay."""

    enabled: Switch = setting("off: every order arrives in the tick it is sent", default=True)
    default_ticks: Whole = setting(
        "delay of agents without their own", "ticks", default=1, ge=0, le=LONGEST
    )
    max_ticks: Whole = setting(
        "longest delay that any order may have", "ticks", default=16, ge=1, le=LONGEST
    )

    def resolve(self, own: NDArray[np.int64]) -> NDArray[np.int64]:
        """The delay that counts: an agent's own unless it is 0, then the default; 0 if disabled.

        Parameters
        ----------
        own : int64, any shape     the agents' own latencies, 0 for none [ticks]

        Returns
        -------
        int64, shape of `own`      [ticks]

        Examples
        --------
        >>> Latency(default_ticks=2).resolve(np.array([0, 1, 5])).tolist()
        [2, 1, 5]
        """
        own = np.asarray(own, np.int64)
        if not self.enabled:
            return np.zeros_like(own)
        return np.where(own != 0, own, self.default_ticks)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.default_ticks > self.max_ticks:
            raise SettingError(
                "default_ticks",
                f"{self.default_ticks} is more than max_ticks, {self.max_ticks}; raise max_ticks",
            )
        return self
