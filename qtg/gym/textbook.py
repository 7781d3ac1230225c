"""`qtg/AvellanedaStoikov-v0`: a dealer's market without a book, known in closed form."""

from dataclasses import replace
from typing import Any

import numpy as np
from gymnasium import Space
from gymnasium.spaces import Box

from qtg.kernels.scene import VALUE
from qtg.kernels.textbook import Dealers, DealerTerms, step_dealers
from qtg.schemas import F64, I64

from ..contract import Contract
from ..errors import ConfigError
from ..features import Feature, min_max
from ..number_checks import check_counts, check_flags, check_number
from .batch import F32, U64, Outcome
from .rewards import AccountStep, LogReturn, ProfitAndLoss, Reward, parts_of, reward_of


class DealerBatch:
    """Dealers who quote around a mid price that diffuses; a `Batch` (see `qtg.gym.batch`).

    In each step a bid at depth d below the mid is hit with the chance `A dt exp(-k d)`, an ask in
    the same way, one unit each; then the mid moves. The defaults are those of Avellaneda and
    Stoikov (2008), table 1.

    Observation: float32 (2,): inventory / `most`, and the share of the episode that is left.
    Action: float32 (2,) in -1 .. 1: depths of bid and ask, from 0 to `deepest`.

    Parameters
    ----------
    num_envs : int
    price, volatility : float    where the mid starts; sigma, currency per square root of time
    horizon, dt : float          length of an episode and of a step
    rate, decay : float          A (or lambda) and k (or kappa)
    inventory : int              held at the start; with `spread_inventory` s, a whole number drawn
        from inventory - s .. inventory + s
    most : int                   largest inventory either way; a side beyond it is not quoted
    deepest : float              depth of the action 1 [currency]
    reward : Reward or its name  by default the change of what the dealer has, at the mid
    binary : bool                the mid moves by `+-sigma sqrt(dt)`, as in the paper; else by a
        normal draw
    """

    def __init__(
        self,
        num_envs: int = 1,
        *,
        price: float = 100.0,
        volatility: float = 2.0,
        horizon: float = 1.0,
        dt: float = 0.005,
        rate: float = 140.0,
        decay: float = 1.5,
        inventory: int = 0,
        spread_inventory: int = 0,
        most: int = 200,
        deepest: float = 3.0,
        reward: Reward | str | None = None,
        binary: bool = True,
    ) -> None:
        check_counts("the dealer", num_envs=num_envs, most=most)
        check_counts("the dealer", least=-most, inventory=inventory)
        check_counts("the dealer", least=0, spread_inventory=spread_inventory)
        above_0 = {"price": price, "dt": dt, "rate": rate, "decay": decay, "deepest": deepest}
        for name, value in above_0.items():
            check_number("the dealer", name, value, above=0.0)
        check_flags("the dealer", binary=binary)
        check_number("the dealer", "horizon", horizon, above=0.0)
        if volatility != 0.0:
            check_number("the dealer", "volatility", volatility, above=0.0)
        if not dt <= horizon < np.inf:
            raise ConfigError(f"horizon must be at least a step of {dt}, got {horizon}")
        if abs(inventory) + spread_inventory > most:
            raise ConfigError(
                f"inventory {inventory} +- {spread_inventory} is not within -most .. most, "
                f"{-most} .. {most}"
            )
        self.num_envs = num_envs
        self.observation_space: Space[Any] = Box(
            np.array([-1.0, 0.0], np.float32), np.ones(2, np.float32)
        )
        self.action_space: Space[Any] = Box(-1.0, 1.0, (2,), np.float32)
        self.steps = round(horizon / dt)
        self.terms = DealerTerms(dt, volatility, rate, decay, most, binary)
        self.dealers = Dealers(
            np.zeros(num_envs, np.uint64),
            np.zeros(num_envs, np.int64),
            np.zeros(num_envs),
            np.zeros(num_envs),
            np.zeros(num_envs, np.int64),
        )
        self._price, self._deepest = price, deepest
        self._first = inventory, spread_inventory
        self.reward = ProfitAndLoss() if reward is None else reward_of(reward)
        if any(isinstance(each, LogReturn) for each in parts_of(self.reward)):
            raise ConfigError(
                "log_return needs an account with something in it, and the dealer begins with "
                "nothing; choose another reward"
            )
        self.reward.start(num_envs)

    def begin(self, rows: I64, seeds: U64) -> None:
        dealers, (middle, spread) = self.dealers, self._first
        dealers.seed[rows], dealers.step[rows] = seeds, 0
        dealers.mid[rows], dealers.cash[rows] = self._price, 0.0
        # The high bits: philox hashes the seed for everything that is drawn later.
        drawn = (seeds >> np.uint64(32)) * np.uint64(2 * spread + 1) >> np.uint64(32)
        dealers.inventory[rows] = middle - spread + drawn.astype(np.int64)
        self.reward.begin(rows, self.wealth[rows])

    def step(self, actions: np.ndarray) -> Outcome:
        return self.quote(self.depths_of(actions))

    def quote(self, depths: F64) -> Outcome:
        """A step with these depths of bid and ask, float64 (num_envs, 2) [currency], which may be
        negative."""
        dealers = self.dealers
        before, held = self.wealth, dealers.inventory.astype(np.float64)
        cash, mid = dealers.cash.copy(), dealers.mid.copy()
        step_dealers(dealers, self.terms, np.ascontiguousarray(depths, np.float64))
        after = dealers.inventory.astype(np.float64)
        ended = dealers.step >= self.steps
        paid = cash - dealers.cash  # for what was traded, whose worth at the mid was:
        traded = (after - held) * mid
        happened = AccountStep(
            before, self.wealth, held, after, np.abs(traded), paid - traded, ended
        )
        return Outcome(self.reward(happened), ended, np.zeros(self.num_envs, bool))

    def depths_of(self, actions: np.ndarray) -> F64:
        """Depths of bid and ask that actions ask for, float64 (num_envs, 2) [currency]."""
        depths: F64 = (np.asarray(actions, np.float64) + 1.0) * (0.5 * self._deepest)
        return depths

    def action_of(self, depths: F64) -> np.ndarray:
        """The actions that quote these depths, float32 (num_envs, 2), or come nearest."""
        actions: np.ndarray = np.clip(depths / (0.5 * self._deepest) - 1.0, -1.0, 1.0)
        return actions.astype(np.float32)

    @property
    def contract(self) -> Contract:
        """What each number of an observation is."""
        held = Feature(
            "inventory", VALUE, ("inventory",), min_max(0.0, float(self.terms.most)), -1.0, 1.0
        )
        left = Feature("left", VALUE, ("left",), min_max(0.0, 1.0), 0.0, 1.0)
        measures = {"deepest": self._deepest, "steps": self.steps}
        environment = {"id": "qtg/AvellanedaStoikov-v0", **measures}
        return replace(Contract.of((held, left)), environment=environment)

    @property
    def wealth(self) -> F64:
        """Cash, and what is held at the mid, float64 (num_envs,) [currency]."""
        wealth: F64 = self.dealers.cash + self.dealers.inventory * self.dealers.mid
        return wealth

    def observe(self, out: F32, rows: I64 | None = None) -> None:
        which = slice(None) if rows is None else rows
        out[:, 0] = self.dealers.inventory[which] / self.terms.most
        out[:, 1] = 1.0 - self.dealers.step[which] / self.steps

    def info(self) -> dict[str, np.ndarray]:
        dealers = self.dealers
        return {
            "inventory": dealers.inventory.copy(),
            "cash": dealers.cash.copy(),
            "mid": dealers.mid.copy(),
            "wealth": self.wealth,
        }

    def close(self) -> None:
        """Holds nothing."""
