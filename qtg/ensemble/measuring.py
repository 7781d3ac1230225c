"""Agents who follow an ensemble are put into markets that it has not seen, and compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from qtg.schemas import F64

from ..config import Config
from ..config.problem import SettingError
from ..simulation import Simulation
from .collecting import drift, equity, mids
from .settings import EnsembleConfig

KIND = "ensemble"
_SIDE = 20  # episodes side by side


@dataclass(frozen=True)
class Mean:
    """A mean over episodes, and the ends of its 95% interval (Student's t)."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: F64) -> Mean:
        """Of one number for each episode, float64 (n,)."""
        from scipy.stats import t

        mean, error = float(values.mean()), float(values.std(ddof=1)) / len(values) ** 0.5
        half = error * float(t.ppf(0.975, len(values) - 1))
        return cls(mean, mean - half, mean + half)


@dataclass(frozen=True)
class Measured:
    """Profit per agent over held-out episodes [currency].

    Parameters
    ----------
    profit : dict           kind -> all that an agent's account gained
    beyond_holding : dict   kind -> less what its opening shares made by lying there
    lead : Mean             profit of the followers less that of the rival, episode by episode
    rival : str
    episodes : tuple of int
    """

    profit: dict[str, Mean]
    beyond_holding: dict[str, Mean]
    lead: Mean
    rival: str
    episodes: tuple[int, ...]

    @property
    def beats_rival(self) -> bool:
        """Whether the interval of the followers lies above that of the rival."""
        return self.profit[KIND].low > self.profit[self.rival].high


def measure(
    path: str | Path, config: EnsembleConfig, told: Callable[[int, int], Any] | None = None
) -> Measured:
    """Let agents follow a model among the others of a market, in seeds that taught nothing.

    They start with the cash and the shares of their rivals, and may borrow what these may.

    Raises
    ------
    ConfigError    there is no such model, or no such rival
    ModelError     the model is damaged
    """
    market, seeds = followers_market(path, config), config.exam_seeds
    gained: dict[str, list[F64]] = {each.kind: [] for each in (*market.smart, *market.reactive)}
    beyond: dict[str, list[F64]] = {kind: [] for kind in gained}
    for first in range(0, len(seeds), _SIDE):
        some = seeds[first : first + _SIDE]
        sim = Simulation(market, envs=some).run(market.warmup.ticks)
        opening, before = equity(sim), mids(sim)
        held = sim.exchange.ledger.positions.qty.copy()
        sim.run(market.ticks)
        profit = equity(sim) - opening
        moved = drift(sim, held, before)
        for kind in gained:
            agents = sim.agents(kind)
            gained[kind].append(profit[:, agents].mean(axis=1))
            beyond[kind].append((profit - moved)[:, agents].mean(axis=1))
        if told is not None:
            told(first + len(some), len(seeds))
    whole = {kind: np.concatenate(parts) for kind, parts in gained.items()}
    rival = config.evaluation.rival
    return Measured(
        {kind: Mean.of(values) for kind, values in whole.items()},
        {kind: Mean.of(np.concatenate(parts)) for kind, parts in beyond.items()},
        Mean.of(whole[KIND] - whole[rival]),
        rival,
        tuple(seeds),
    )


def followers_market(path: str | Path, config: EnsembleConfig) -> Config:
    """The market, and agents in it who follow a model."""
    exam, market = config.evaluation, config.market
    rivals = [each for each in market.smart if each.kind == exam.rival]
    if not rivals:
        raise SettingError("evaluation.rival", f"{exam.rival!r} is no kind of tier 1 in the market")
    followers = {
        "kind": KIND,
        "count": exam.agents,
        "model": str(path),
        "cash": rivals[0].cash,
        "shares": rivals[0].shares,
        "short_selling": rivals[0].short_selling,
        "params": {"size": exam.size},
    }
    others = [each.model_dump(exclude_unset=True) for each in market.smart]
    return market.with_(smart=[*others, followers])
