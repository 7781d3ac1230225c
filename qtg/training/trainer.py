"""Training: one call from settings to a folder with a model in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ConfigError, ModelError, StorageError
from .extra import need_rl
from .measures import Line
from .model import Card, check_contract, contract_of, read_card, save_model
from .settings import OWN, Algorithm, TrainingConfig

if TYPE_CHECKING:
    from stable_baselines3.common.base_class import BaseAlgorithm

    from .callbacks import Examiner, Told

CONFIG, MODEL, BEST, TABLE = "training.toml", "model.zip", "best.zip", "evaluations.csv"
CHECKPOINTS, LOGS = "checkpoints", "tensorboard"


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
    ModelError          on resume, a checkpoint is damaged
    StorageError        the folder is not empty, or cannot be written
    """
    need_rl("training")
    from ..gym.stable_baselines import BatchVecEnv, make_batch
    from .algorithms import check_actions, make_learner
    from .callbacks import Every, Watch, rows_until

    config.learner(algorithm)
    batch = make_batch(config.environment, config.num_envs, **config.settings)
    check_actions(algorithm, batch.action_space)
    place = Path(out) if out is not None else Path("runs") / f"{config.name}-{algorithm}"
    checkpoint = _open(place, resume, overwrite)
    card = None if checkpoint is None else read_card(checkpoint)
    if card is not None:
        _check_same(card, algorithm, config, contract_of(batch), str(checkpoint))
    done = 0 if card is None else card.steps
    (place / CONFIG).write_text(config.to_toml(), encoding="utf-8")
    env = BatchVecEnv(batch)
    env.seed(first_seed(config.seed, done))
    with threads_of_torch(config.threads), _log(place / LOGS) as logger:
        learner = make_learner(algorithm, config, env, (config.seed + done) % 2**31)
        learner.set_logger(logger)
        best = rows_until(place / TABLE, done)
        if card is not None and checkpoint is not None:
            _continue(learner, checkpoint, card)
        examiner = _examiner(config, place / TABLE, best)

        def save(name: str) -> Path:
            return save_model(learner, place / name, algorithm, config, batch)

        def examine() -> dict[str, Line]:
            told("evaluation", learner.num_timesteps, None)
            lines = examiner.examine(learner)
            if lines[OWN].reward > examiner.best:
                examiner.best = lines[OWN].reward
                save(BEST)
            return lines

        def keep() -> None:
            save(f"{CHECKPOINTS}/{learner.num_timesteps:012d}.zip")
            for old in _checkpoints(place)[: -config.checkpoints.keep]:
                old.unlink()

        every = config.evaluation.every, config.checkpoints.every
        callbacks = [Watch(told), Every(every[0], examine), Every(every[1], keep)]
        with _numbers(learner):
            learner.learn(
                max(config.steps - done, 0),
                callback=callbacks,
                reset_num_timesteps=card is None,
            )
        keep()
        save(MODEL)
        lines = examine()
    batch.close()
    return Trained(place, learner.num_timesteps, lines)


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


def first_seed(seed: int, done: int) -> int:
    """Of the environments that are learned from, after so many steps.

    It is 2^63 or more, where held-out seeds are less: nothing is both learned from and measured on.
    """
    from ..gym.seeds import mixed

    words = np.array([seed, done], np.uint64)
    hashed = int(mixed(words[:1] + mixed(words[1:]))[0])
    return (1 << 63) + (hashed >> 2)


def _open(place: Path, resume: bool, overwrite: bool) -> Path | None:
    """The folder of a training, made or emptied; the checkpoint to go on from, if any."""
    is_training = (place / CONFIG).is_file()
    try:
        if resume:
            if not is_training:
                raise ConfigError(f"{place}: no training to resume; leave out --resume")
            newest = _checkpoints(place)
            return newest[-1] if newest else None
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            if not is_training:
                raise StorageError(f"{place} is there and no training; give another folder")
            if not overwrite:
                raise StorageError(
                    f"{place} holds a training; go on with --resume, or replace it with --overwrite"
                )
            shutil.rmtree(place)
        (place / CHECKPOINTS).mkdir(parents=True)
    except OSError as error:
        raise StorageError(f"{place} cannot be used: {error.strerror or error}") from None
    return None


def _checkpoints(place: Path) -> list[Path]:
    return sorted((place / CHECKPOINTS).glob("*.zip"))


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
    except (RuntimeError, ValueError, KeyError, TypeError, OSError) as error:
        raise ModelError(f"{checkpoint} cannot be continued: {error}") from None
    learner.num_timesteps, learner._n_updates = card.steps, card.updates
    if hasattr(learner, "learning_starts"):  # its memory is empty again
        learner.learning_starts += card.steps


def _examiner(config: TrainingConfig, table: Path, best: float) -> Examiner:
    from ..gym.stable_baselines import make_batch
    from .callbacks import Examiner
    from .evaluation import Exams

    exam = config.evaluation
    rows = exam.seeds * exam.episodes
    return Examiner(
        {
            name: Exams(
                make_batch(config.environment, rows, **settings),
                exam.first_seed,
                exam.seeds,
                exam.episodes,
            )
            for name, settings in config.populations().items()
        },
        table,
        best,
    )


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
def _log(folder: Path) -> Iterator[Any]:
    """A logger that writes what TensorBoard reads."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from stable_baselines3.common.logger import configure

    logger = configure(str(folder), ["tensorboard"])
    try:
        yield logger
    finally:
        logger.close()
