"""Measuring a policy on episodes that it did not learn from, beside rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from qtg.schemas import F64

from ..config.root import LARGEST_SEED
from ..config.spelling import did_you_mean
from ..errors import ConfigError
from ..number_checks import check_counts
from .extra import need_rl
from .measures import Episodes, Line, Tally, as_rows, line_of
from .settings import OWN

need_rl("evaluation", "gymnasium")

from ..gym import Batch  # noqa: E402
from ..gym.seeds import Seeds  # noqa: E402
from .rules import Look, Rule, rules_of  # noqa: E402

Policy = Callable[[np.ndarray], np.ndarray]  # observations to actions
MODEL = "model"
MOST_EPISODES = 1_000_000


@dataclass(frozen=True)
class Evaluation:
    """A model beside rules, on the same episodes."""

    model: str
    environment: str
    population: str
    steps: int  # that it was trained for
    seeds: int
    episodes: int  # of each seed
    first_seed: int
    lines: tuple[Line, ...]  # the model's is the first

    def as_dict(self) -> dict[str, Any]:
        """As it is written to JSON."""
        return {**vars(self), "lines": as_rows(list(self.lines))}

    def line(self, policy: str = MODEL) -> Line:
        """The line of a policy."""
        found = {each.policy: each for each in self.lines}
        if policy not in found:
            raise ConfigError(f"no policy {policy!r} here; {did_you_mean(policy, found)}")
        return found[policy]


class Exams:
    """Held-out episodes in a batch, which policies play one after the other.

    Parameters
    ----------
    batch : Batch       of seeds * episodes environments
    first_seed, seeds, episodes : int    as of `qtg.training.settings.Exam`: the first episodes of
        environments that are reset with these seeds
    """

    def __init__(self, batch: Batch, first_seed: int, seeds: int, episodes: int) -> None:
        if first_seed + seeds - 1 > LARGEST_SEED:
            raise ConfigError(
                f"{seeds:,} seeds from {first_seed:,} on go beyond {LARGEST_SEED:,}; later ones "
                "are those of trainings"
            )
        self.batch = batch
        self.seed = np.repeat(np.arange(first_seed, first_seed + seeds), episodes)
        if len(self.seed) != batch.num_envs:
            raise ConfigError(f"{seeds} x {episodes} episodes need as many environments")
        chains, rows = Seeds(len(self.seed)), np.arange(len(self.seed))
        chains.give(rows, self.seed.astype(np.uint64))
        chains.begun[:] = np.tile(np.arange(episodes), seeds)
        self._episode = chains.next(rows)

    def take(self, rule: Rule) -> Episodes:
        """Let a rule play all episodes."""
        batch, chance = self.batch, np.random.default_rng(int(self.seed[0]))
        seen = np.empty((batch.num_envs, *(batch.observation_space.shape or ())), np.float32)
        batch.begin(np.arange(batch.num_envs), self._episode)
        tally, step = Tally(self._equity()), 0
        while tally.live.any():
            batch.observe(seen)
            outcome = batch.step(rule(Look(batch, seen, step, chance)))
            ended = outcome.terminated | outcome.truncated
            tally.add(outcome.reward, ended, self._equity(), self._held())
            step += 1
        return tally.episodes(self.seed)

    def line(self, policy: str, rule: Rule) -> Line:
        """The same, summed up."""
        return line_of(policy, self.take(rule))

    def _equity(self) -> F64:
        info = self.batch.info()
        return np.asarray(info["equity"] if "equity" in info else info["wealth"], np.float64)

    def _held(self) -> F64:
        return np.asarray(self.batch.info()["inventory"], np.float64)


def of_policy(policy: Policy) -> Rule:
    """A rule that asks a policy."""
    return lambda look: policy(look.seen)


def evaluate(
    model: str | Path,
    *,
    seeds: int | None = None,
    episodes: int | None = None,
    first_seed: int | None = None,
    population: str = OWN,
    settings: Mapping[str, Any] | None = None,
    told: Callable[[str], None] = lambda text: None,
) -> Evaluation:
    """Measure a model and the rules of its task on episodes that it did not learn from.

    Parameters
    ----------
    model : path              a model's file, or the folder of a training
    seeds, episodes, first_seed : int    as the training's settings have them if left out
    population : str          of the training's `evaluation.populations`; `same` is its own
    settings : mapping        of the environment, instead of the training's or beside them
    told : function           told what is being measured

    Raises
    ------
    ConfigError         there is no such model, population or setting, or torch is missing
    ContractMismatch    the environment shows other observations than the model knows
    ModelError          the file is damaged, or no model that qtg trained
    """
    need_rl("evaluating a model", "torch", "stable_baselines3")
    from ..gym.stable_baselines import make_batch
    from .model import load_policy, read_card

    card = read_card(model)
    config = card.training
    exam, populations = config.evaluation, config.populations()
    if population not in populations:
        raise ConfigError(f"no population {population!r}; {did_you_mean(population, populations)}")
    seeds = exam.seeds if seeds is None else seeds
    episodes = exam.episodes if episodes is None else episodes
    first_seed = exam.first_seed if first_seed is None else first_seed
    check_counts("evaluation", 2, seeds=seeds)
    check_counts("evaluation", episodes=episodes)
    check_counts("evaluation", 0, first_seed=first_seed)
    if seeds * episodes > MOST_EPISODES:
        raise ConfigError(
            f"{seeds:,} seeds with {episodes:,} episodes each are more than the {MOST_EPISODES:,} "
            "that are played side by side; ask for fewer"
        )
    given = populations[population] | dict(settings or {})
    batch = make_batch(card.environment, seeds * episodes, **given)
    policy = load_policy(model, batch)
    exams = Exams(batch, first_seed, seeds, episodes)
    rules = {MODEL: of_policy(lambda seen: policy.predict(seen, deterministic=True)[0])}
    lines = []
    for name, rule in (rules | rules_of(batch)).items():
        told(name)
        lines.append(exams.line(name, rule))
    batch.close()
    return Evaluation(
        str(model), card.environment, population, card.steps, seeds, episodes, first_seed,
        tuple(lines),
    )  # fmt: skip
