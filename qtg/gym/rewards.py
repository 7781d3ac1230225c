"""Rewards: what happened to accounts in a step, as one number for each row.

A reward is written in columns and keeps what it has to remember by row. `+` and `*` make
composites: `LogReturn() + 0.1 * DrawdownPenalty()`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any, NamedTuple

import numpy as np

from qtg.schemas import F64, I64

from ..errors import ConfigError
from .batch import Flags


class AccountStep(NamedTuple):
    """A step of the learners' accounts, shape (num_envs,) each; money in currency."""

    before: F64  # equity before the step: cash, and what is held at the mid
    equity: F64  # after it
    held_before: F64  # inventory before the step, units; of several symbols, their value
    held: F64  # after it
    traded: F64  # value traded in the step
    cost: F64  # paid in the step beyond the mid: half spreads, impact, fees
    ended: Flags  # whether the episode ended with this step

    @property
    def returns(self) -> F64:
        """Change of equity as part of it, float64 (num_envs,)."""
        gained: F64 = (self.equity - self.before) / np.maximum(np.abs(self.before), 1e-12)
        return gained


class Reward:
    """One number for each row and step."""

    def start(self, num_envs: int) -> None:
        """Make room for what is remembered of each row."""

    def begin(self, rows: I64, equity: F64) -> None:
        """New episodes begin in `rows`, with this equity (k,)."""

    def __call__(self, step: AccountStep) -> F64:
        """The reward of a step, float64 (num_envs,)."""
        raise NotImplementedError

    def __add__(self, other: Reward) -> Composite:
        return Composite(((1.0, self), (1.0, other)))

    def __rmul__(self, weight: float) -> Composite:
        return Composite(((float(weight), self),))


class Composite(Reward):
    """A weighted sum of rewards."""

    parts: tuple[tuple[float, Reward], ...]

    def __init__(self, parts: tuple[tuple[float, Reward], ...]) -> None:
        flat: list[tuple[float, Reward]] = []
        inner: tuple[tuple[float, Reward], ...]
        for weight, part in parts:
            if not np.isfinite(weight):
                raise ConfigError(f"a reward's weight must be a finite number, got {weight}")
            inner = part.parts if isinstance(part, Composite) else ((1.0, part),)
            flat += [(weight * each, reward) for each, reward in inner]
        self.parts = tuple(flat)

    def start(self, num_envs: int) -> None:
        for _, part in self.parts:
            part.start(num_envs)

    def begin(self, rows: I64, equity: F64) -> None:
        for _, part in self.parts:
            part.begin(rows, equity)

    def __call__(self, step: AccountStep) -> F64:
        total = np.zeros(len(step.equity))
        for weight, part in self.parts:
            total += weight * part(step)
        return total


def parts_of(reward: Reward) -> list[Reward]:
    """The rewards that a composite is the sum of; else the reward itself."""
    return [part for _, part in reward.parts] if isinstance(reward, Composite) else [reward]


class ProfitAndLoss(Reward):
    """Change of equity [currency]."""

    def __call__(self, step: AccountStep) -> F64:
        return step.equity - step.before


class LogReturn(Reward):
    """`log(equity after / equity before)`; what is lost beyond everything counts as `worst`.

    Parameters
    ----------
    worst : float    the log return of losing all, below 0
    """

    def __init__(self, worst: float = -10.0) -> None:
        if not worst < 0.0:
            raise ConfigError(f"worst must be below 0, got {worst}")
        self.worst = worst

    def __call__(self, step: AccountStep) -> F64:
        least = np.exp(self.worst) * np.maximum(step.before, np.finfo(float).tiny)
        value: F64 = np.log(np.maximum(step.equity, least) / np.maximum(step.before, least))
        return value


class DifferentialSharpe(Reward):
    """How much a step's return adds to the Sharpe ratio of the returns so far, where newer ones
    count more; 0 until these have a variance.

    `D = (B dA - A dB / 2) / (B - A^2)^(3/2)` with the exponential means A of returns and B of their
    squares, dA = R - A, dB = R^2 - B. Source: Moody and Saffell (2001), IEEE Transactions on Neural
    Networks 12(4), equation 14.

    Parameters
    ----------
    rate : float    eta, the weight of the newest return, above 0 and below 1
    """

    def __init__(self, rate: float = 0.01) -> None:
        if not 0.0 < rate < 1.0:
            raise ConfigError(f"rate must be between 0 and 1, got {rate}")
        self.rate = rate

    def start(self, num_envs: int) -> None:
        self._mean, self._square = np.zeros(num_envs), np.zeros(num_envs)

    def begin(self, rows: I64, equity: F64) -> None:
        self._mean[rows] = self._square[rows] = 0.0

    def __call__(self, step: AccountStep) -> F64:
        change = step.returns
        variance = self._square - self._mean**2
        more, squares = change - self._mean, change**2 - self._square
        known = variance > 1e-18
        scale = np.where(known, variance, 1.0) ** 1.5
        ratio = np.where(known, (self._square * more - 0.5 * self._mean * squares) / scale, 0.0)
        self._mean += self.rate * more
        self._square += self.rate * squares
        return ratio


class DrawdownPenalty(Reward):
    """Minus how far the drawdown, `1 - equity / highest equity so far`, grew in the step."""

    def start(self, num_envs: int) -> None:
        self._peak, self._drawdown = np.zeros(num_envs), np.zeros(num_envs)

    def begin(self, rows: I64, equity: F64) -> None:
        self._peak[rows], self._drawdown[rows] = equity, 0.0

    def __call__(self, step: AccountStep) -> F64:
        np.maximum(self._peak, step.equity, out=self._peak)
        now = 1.0 - step.equity / np.maximum(self._peak, 1e-12)
        grew = np.maximum(now - self._drawdown, 0.0)
        self._drawdown = now
        return -grew


class InventoryPenalty(Reward):
    """Minus `running * dt * held^2`, and `terminal * held^2` at the end of the episode.

    With profit and loss this is the criterion of Cartea, Jaimungal and Penalva (2015), section
    10.2. The terminal penalty is paid step by step, as it changes, which adds up to the same: a
    learner hears of it at once.

    Parameters
    ----------
    running, terminal : float    phi and alpha [currency per unit^2 (and time)], 0 or more
    dt : float                   length of a step in units of time
    """

    def __init__(self, running: float = 0.0, terminal: float = 0.0, dt: float = 1.0) -> None:
        for name, value in (("running", running), ("terminal", terminal), ("dt", dt)):
            if not 0.0 <= value < np.inf:
                raise ConfigError(f"{name} must be 0 or more, got {value}")
        self.running, self.terminal, self.dt = running, terminal, dt

    def __call__(self, step: AccountStep) -> F64:
        squared = step.held**2
        return -self.running * self.dt * squared - self.terminal * (squared - step.held_before**2)


class TransactionCost(Reward):
    """Minus what trading cost in the step beyond the mid [currency]."""

    def __call__(self, step: AccountStep) -> F64:
        return -step.cost


class TerminalBonus(Reward):
    """At the end of an episode, its Sharpe ratio: mean over standard deviation of the steps'
    returns (Sharpe, 1994), not annualized; 0 for episodes whose returns do not vary."""

    def start(self, num_envs: int) -> None:
        self._n, self._sum, self._squares = np.zeros((3, num_envs))

    def begin(self, rows: I64, equity: F64) -> None:
        self._n[rows] = self._sum[rows] = self._squares[rows] = 0.0

    def __call__(self, step: AccountStep) -> F64:
        change = step.returns
        self._n += 1.0
        self._sum += change
        self._squares += change**2
        mean = self._sum / self._n
        variance = np.maximum(self._squares / self._n - mean**2, 0.0)
        known = step.ended & (variance > 1e-18)
        return np.where(known, mean / np.sqrt(np.where(known, variance, 1.0)), 0.0)


class TerminalUtility(Reward):
    """At the end of an episode, `-exp(-gamma * profit)`: exponential utility, as the dealer of
    Avellaneda and Stoikov (2008) has it.

    Parameters
    ----------
    risk_aversion : float    gamma [1/currency], above 0
    """

    def __init__(self, risk_aversion: float) -> None:
        if not risk_aversion > 0.0:
            raise ConfigError(f"risk_aversion must be above 0, got {risk_aversion}")
        self.risk_aversion = risk_aversion

    def start(self, num_envs: int) -> None:
        self._first = np.zeros(num_envs)

    def begin(self, rows: I64, equity: F64) -> None:
        self._first[rows] = equity

    def __call__(self, step: AccountStep) -> F64:
        power = -self.risk_aversion * (step.equity - self._first)
        return np.where(step.ended, -np.exp(np.minimum(power, 700.0)), 0.0)


REWARDS: dict[str, Callable[..., Reward]] = {
    "profit_and_loss": ProfitAndLoss,
    "log_return": LogReturn,
    "differential_sharpe": DifferentialSharpe,
    "drawdown_penalty": DrawdownPenalty,
    "inventory_penalty": InventoryPenalty,
    "transaction_cost": TransactionCost,
    "terminal_bonus": TerminalBonus,
    "terminal_utility": TerminalUtility,
}

Told = Reward | str | Mapping[str, Any]


def reward_of(given: Told | list[Told] | tuple[Told, ...]) -> Reward:
    """A reward, or the one that is told.

    Parameters
    ----------
    given : a Reward; its name; a mapping of `kind`, `weight` (1) and what the kind has; or a list
        of these, which add up

    Raises
    ------
    ConfigError    none of these

    Examples
    --------
    >>> of_inventory = {"kind": "inventory_penalty", "running": 0.5, "weight": 0.1}
    >>> [weight for weight, _ in reward_of(["profit_and_loss", of_inventory]).parts]
    [1.0, 0.1]
    """
    if isinstance(given, Reward):
        return given
    if isinstance(given, list | tuple) and given:
        return Composite(tuple((1.0, reward_of(each)) for each in given))
    if isinstance(given, Mapping):
        terms = dict(given)
        kind, weight = terms.pop("kind", None), terms.pop("weight", 1.0)
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise ConfigError(f"a reward's weight must be a finite number, got {weight!r}")
        return weight * _made(kind, terms)
    return _made(given, {})


def _made(kind: Any, terms: dict[str, Any]) -> Reward:
    if not isinstance(kind, str) or kind not in REWARDS:
        raise ConfigError(
            f"no reward {kind!r}; give one of {', '.join(REWARDS)}, or a Reward of your own"
        )
    make = REWARDS[kind]
    try:
        signature(make).bind(**terms)
        return make(**terms)
    except TypeError as error:
        known = ", ".join(signature(make).parameters) or "nothing to set"
        raise ConfigError(f"the reward {kind} cannot be made: {error}; it has {known}") from None
