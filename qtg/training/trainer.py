"""Training: one call from settings to a folder with a model in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ConfigError, ModelError
from .extra import need_rl
from .folder import (
    BEST,
    CHECKPOINTS,
    CONFIG,
    LOGS,
    MODEL,
    TABLE,
    checkpoints,
    log_to,
    open_folder,
    writing,
)
from .measures import Line
from .model import Card, check_contract, contract_of, read_card, save_model
from .settings import OWN, Algorithm, TrainingConfig

if TYPE_CHECKING:
    from stable_baselines3.common.base_class import BaseAlgorithm

    from ..gym import Batch
    from .callbacks import Examiner, Told
    from .evaluation import Exams


@dataclass(frozen=True)
class Trained:
    """A training that is over.

    Parameters
    ----------
    path : Path           its folder: `training.toml`, `model.zip`, `best.zip` (of the evaluations),
        `checkpoints`, `evaluations.csv`, `tensorboard`
    steps : int           that the model was trained for, those before a resume included
    lines : dict          the last evaluation, by population
    """

    path: Path
    steps: int
    lines: dict[str, Line]

    @property
    def model(self) -> Path:
        """The last model."""
        return self.path / MODEL


def train(
    config: TrainingConfig,
    algorithm: Algorithm = "ppo",
    out: str | Path | None = None,
    *,
    resume: bool = False,
    overwrite: bool = False,
    told: Told = lambda phase, steps, reward: None,
) -> Trained:
    """Train a learner.

    The same settings give the same model. A training that was stopped goes on from its newest
    checkpoint with `resume`: steps, schedules, the optimizer and the tables go on, while episodes
    begin anew and a DQN fills its memory again, so the model is not bit by bit the one that it
    would have been.

    Parameters
    ----------
    config : TrainingConfig
    algorithm : "ppo" or "dqn"
    out : path, optional    folder; `runs/NAME-ALGORITHM` if left out
    resume : bool           go on with the training in that folder, to `config.steps` in all
    overwrite : bool        replace the training in that folder
    told : function         told the phase, the steps done, and the mean reward of late episodes

    Raises
    ------
    ConfigError         settings do not fit, or a package is missing
    ContractMismatch    on resume, the environment shows other observations than it did
    ModelError          on resume, a checkpoint is damaged; or the network came to hold no numbers
    StorageError        the folder is not empty, or cannot be written
    """
    need_rl("training")
    from ..gym.stable_baselines import BatchVecEnv, make_batch
    from .algorithms import check_actions, make_learner
    from .callbacks import Examiner, rows_until

    config.learner(algorithm)
    batch = make_batch(config.environment, config.num_envs, **config.settings)
    check_actions(algorithm, batch.action_space)
    exams = _exams(config)  # whatever is wrong shows before anything is written
    _check_spaces(batch, exams)
    place = Path(out) if out is not None else Path("runs") / f"{config.name}-{algorithm}"
    with writing(place):
        checkpoint = open_folder(place, resume, overwrite)
        card = None if checkpoint is None else read_card(checkpoint)
        if card is not None:
            _check_same(card, algorithm, config, contract_of(batch), str(checkpoint))
        done = 0 if card is None else card.steps
        (place / CONFIG).write_text(config.to_toml(), encoding="utf-8")
        env = BatchVecEnv(batch)
        env.seed(first_seed(config.seed, done))
        with threads_of_torch(config.threads), log_to(place / LOGS) as logger:
            learner = make_learner(algorithm, config, env, (config.seed + done) % 2**31)
            learner.set_logger(logger)
            if card is not None and checkpoint is not None:
                _continue(learner, checkpoint, card)
            table = place / TABLE
            examiner = Examiner(exams, table, best=rows_until(table, done))
            lines = _Session(learner, config, algorithm, batch, place, examiner, told).run(done)
    batch.close()
    return Trained(place, learner.num_timesteps, lines)


@dataclass
class _Session:
    """A learner, and what is kept of it while it learns."""

    learner: BaseAlgorithm
    config: TrainingConfig
    algorithm: Algorithm
    batch: Batch
    place: Path
    examiner: Examiner
    told: Told

    def run(self, done: int) -> dict[str, Line]:
        """Learn what is left of the steps; the last evaluation."""
        from .callbacks import Every, Watch

        config, learner = self.config, self.learner
        with _numbers(learner):
            learner.learn(
                max(config.steps - done, 0),
                callback=[
                    Watch(self.told),
                    Every(config.evaluation.every, self.examine),
                    Every(config.checkpoints.every, self.keep),
                ],
                reset_num_timesteps=done == 0,
            )
        self.keep()
        self.save(MODEL)
        return self.examine()

    def examine(self) -> dict[str, Line]:
        """Measure the learner, and save it if it is the best so far."""
        self.told("evaluation", self.learner.num_timesteps, None)
        lines = self.examiner.examine(self.learner)
        if lines[OWN].reward > self.examiner.best:
            self.examiner.best = lines[OWN].reward
            self.save(BEST)
        return lines

    def keep(self) -> None:
        """Save a checkpoint, and let the oldest go."""
        self.save(f"{CHECKPOINTS}/{self.learner.num_timesteps:012d}.zip")
        for old in checkpoints(self.place)[: -self.config.checkpoints.keep]:
            old.unlink()

    def save(self, name: str) -> None:
        """Save it in the folder."""
        save_model(self.learner, self.place / name, self.algorithm, self.config, self.batch)


def first_seed(seed: int, done: int) -> int:
    """Of the environments that are learned from, after so many steps.

    It is 2^63 or more, where held-out seeds are less: nothing is both learned from and measured on.
    """
    from ..gym.seeds import mixed

    words = np.array([seed, done], np.uint64)
    hashed = int(mixed(words[:1] + mixed(words[1:]))[0])
    return (1 << 63) + (hashed >> 2)


@contextmanager
def threads_of_torch(n: int) -> Iterator[None]:
    """So many processors for torch, until it is over."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _numbers(learner: BaseAlgorithm) -> Iterator[None]:
    """Name what torch says when a network's weights are no longer numbers."""
    try:
        yield
    except (ValueError, ConfigError) as error:
        import torch

        if all(bool(torch.isfinite(each).all()) for each in learner.policy.parameters()):
            raise
        raise ModelError(
            f"the network came to hold no numbers after {learner.num_timesteps:,} steps; lower "
            "learning_rate, or the weight of the reward"
        ) from error


def _exams(config: TrainingConfig) -> dict[str, Exams]:
    """Held-out episodes of each population."""
    from ..gym.stable_baselines import make_batch
    from .evaluation import Exams

    exam = config.evaluation
    rows = exam.seeds * exam.episodes
    return {
        name: Exams(
            make_batch(config.environment, rows, **settings),
            exam.first_seed,
            exam.seeds,
            exam.episodes,
        )
        for name, settings in config.populations().items()
    }


def _check_spaces(batch: Batch, exams: dict[str, Exams]) -> None:
    """Refuse populations in which the learner would see or do something else."""
    for name, exam in exams.items():
        for what in ("observation_space", "action_space"):
            ours, theirs = getattr(batch, what), getattr(exam.batch, what)
            if ours != theirs:
                raise ConfigError(
                    f"evaluation.populations.{name}: its {what} is {theirs} and that of the "
                    f"training {ours}; change its market only, not the task or its features"
                )


def _check_same(
    card: Card, algorithm: str, config: TrainingConfig, seen: dict[str, Any], where: str
) -> None:
    """Refuse to go on with something else."""
    if card.algorithm != algorithm:
        raise ConfigError(f"{where} was trained with {card.algorithm}; go on with that")
    if card.training.network != config.network:
        raise ConfigError(f"{where} has another network ({card.training.network}); leave it as is")
    if card.steps > config.steps:
        raise ConfigError(f"{where} has {card.steps:,} steps already; ask for more with --steps")
    check_contract(card, seen, where)


def _continue(learner: BaseAlgorithm, checkpoint: Path, card: Card) -> None:
    """Let a new learner be as far as a checkpoint."""
    try:
        learner.set_parameters(str(checkpoint))
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{checkpoint} cannot be continued: {error}") from None
    learner.num_timesteps, learner._n_updates = card.steps, card.updates
    if hasattr(learner, "learning_starts"):  # its memory is empty again
        learner.learning_starts += card.steps
