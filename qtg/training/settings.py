"""What is trained, on what, and how: TOML files, and a few that come with qtg."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, model_validator

from ..config.base import Model, setting
from ..config.document import Document
from ..config.problem import SettingError
from ..config.root import LARGEST_SEED, checked_name
from ..config.shelf import Shelf
from ..config.types import Real, Switch, Whole, freeze

Settings = Annotated[dict[str, Any], AfterValidator(freeze)]
Algorithm = Literal["ppo", "dqn"]
ALGORITHMS: tuple[Algorithm, ...] = ("ppo", "dqn")

OWN = "same"  # the population that is learned from

TRAININGS = Shelf("training", "training")
_MOST = 2**53


class Network(Model):
    """The network of the policy, and of the value beside it."""

    hidden: tuple[Whole, ...] = setting("neurons of each hidden layer", default=(64, 64))
    activation: Literal["tanh", "relu"] = setting("what is between layers", default="tanh")
    log_std_init: Real = setting(
        "log of the standard deviation with which continuous actions are drawn at first",
        default=0.0,
        ge=-10,
        le=3,
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if any(not 1 <= each <= 100_000 for each in self.hidden):
            raise SettingError("hidden", f"must be 1 or more neurons each, got {self.hidden}")
        return self


class Learner(Model):
    """What both algorithms have; the names are those of Stable-Baselines3."""

    learning_rate: Real = setting("step size of the optimizer", default=3e-4, gt=0, le=1)
    learning_rate_end: Real | None = setting(
        "what it falls to by the last step, in a line; it stays if left out", default=None, ge=0
    )
    gamma: Real = setting("what the next step's reward is worth now", default=0.99, gt=0, le=1)


class Ppo(Learner):
    """Proximal policy optimization (Schulman et al., 2017, arXiv 1707.06347)."""

    n_steps: Whole = setting("steps of each environment between updates", default=128, ge=2)
    batch_size: Whole = setting("rows of a minibatch", default=2_048, ge=2)
    n_epochs: Whole = setting("times that each row is learned from", default=4, ge=1, le=1_000)
    gae_lambda: Real = setting("lambda of the advantages", default=0.95, ge=0, le=1)
    clip_range: Real = setting("how far a policy may move", default=0.2, gt=0, le=10)
    normalize_advantage: Switch = setting("bring advantages to a common size", default=True)
    ent_coef: Real = setting("weight of the entropy in the loss", default=0.0, ge=0, le=10)
    vf_coef: Real = setting("weight of the value in the loss", default=0.5, ge=0, le=100)
    max_grad_norm: Real = setting("largest norm of a gradient", default=0.5, gt=0)
    target_kl: Real | None = setting("stop an update at this divergence", default=None, gt=0)


class Dqn(Learner):
    """Deep Q-learning (Mnih et al., 2015, Nature 518); actions must be discrete."""

    buffer_size: Whole = setting("rows that are remembered", default=200_000, ge=1)
    learning_starts: Whole = setting("steps before the first update", default=10_000, ge=0)
    batch_size: Whole = setting("rows of a minibatch", default=1_024, ge=1)
    tau: Real = setting("how much of the network the target takes over", default=1.0, gt=0, le=1)
    train_freq: Whole = setting("steps of each environment between updates", default=4, ge=1)
    gradient_steps: Whole = setting("minibatches of an update", default=4, ge=1)
    target_update_interval: Whole = setting("steps between targets", default=10_000, ge=1)
    exploration_fraction: Real = setting(
        "part of the training in which chance actions fade out", default=0.3, gt=0, le=1
    )
    exploration_initial_eps: Real = setting("share of chance actions", default=1.0, ge=0, le=1)
    exploration_final_eps: Real = setting("and what it falls to", default=0.05, ge=0, le=1)
    max_grad_norm: Real = setting("largest norm of a gradient", default=10.0, gt=0)


class Exam(Model):
    """Episodes that are never learned from, on which the learner is measured."""

    every: Whole = setting("steps between evaluations; 0 is at the end", default=0, ge=0, le=_MOST)
    seeds: Whole = setting("held-out seeds", default=20, ge=2, le=100_000)
    episodes: Whole = setting("episodes of each seed", default=20, ge=1, le=100_000)
    first_seed: Whole = setting("the first of them", default=1_000_000, ge=0, le=LARGEST_SEED)
    populations: Annotated[dict[str, Settings], AfterValidator(freeze)] = setting(
        "other settings of the environment to measure on too, by name", default={}
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if OWN in self.populations:
            raise SettingError(f"populations.{OWN}", "is the training's own; give another name")
        return self


class Checkpoints(Model):
    """Models that are kept on the way, from which training can go on."""

    every: Whole = setting("steps between them; 0 is at the end", default=0, ge=0, le=_MOST)
    keep: Whole = setting("how many, the newest", default=3, ge=1, le=10_000)


class TrainingConfig(Document):
    """What is trained, on what, and how.

    Examples
    --------
    >>> config = TrainingConfig.load("execution", {"ppo.n_epochs": 3}, seed=5)
    >>> config.environment, config.ppo.n_epochs
    ('qtg/Execution-v0', 3)
    """

    SHELF = TRAININGS

    name: Annotated[str, AfterValidator(checked_name)] = setting(
        "name of the training, used in file names", default="custom"
    )
    environment: str = setting("name of an environment in Gymnasium")
    settings: Settings = setting("settings of the environment", default={})
    num_envs: Whole = setting("environments side by side", default=128, ge=1, le=1_000_000)
    steps: Whole = setting("steps of all environments together", default=1_000_000, ge=1, le=_MOST)
    seed: Whole = setting("seed of all randomness", default=0, ge=0, le=2**31 - 1)
    threads: Whole = setting("processors that torch may use", default=1, ge=1, le=1_024)
    network: Network = setting("the network", default=Network())
    ppo: Ppo = setting("settings of PPO", default=Ppo())
    dqn: Dqn = setting("settings of DQN", default=Dqn())
    evaluation: Exam = setting("how the learner is measured", default=Exam())
    checkpoints: Checkpoints = setting("what is kept on the way", default=Checkpoints())

    def learner(self, algorithm: Algorithm) -> Ppo | Dqn:
        """The settings of an algorithm.

        Raises
        ------
        SettingError    they do not fit the number of environments
        """
        if algorithm == "dqn":
            return self.dqn
        rows, batch = self.ppo.n_steps * self.num_envs, self.ppo.batch_size
        if batch > rows or rows % batch:
            raise SettingError(
                "ppo.batch_size",
                f"must divide the {rows:,} rows of an update (n_steps * num_envs), got {batch:,}",
            )
        return self.ppo

    def populations(self) -> dict[str, dict[str, Any]]:
        """Settings of the environments to measure on, by name: `OWN` are the training's own."""
        own = dict(self.settings)
        others = self.evaluation.populations.items()
        return {OWN: own} | {name: own | dict(changed) for name, changed in others}


def training_presets() -> tuple[str, ...]:
    """The names that `TrainingConfig.load` takes.

    >>> training_presets()
    ('dealer', 'execution', 'maker', 'trading')
    """
    return TRAININGS.names()
