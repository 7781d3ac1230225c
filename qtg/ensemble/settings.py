"""What an ensemble is trained on, and how: TOML files, and one that comes with qtg."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, model_validator

from ..config import Config
from ..config.base import Model, setting
from ..config.document import Document
from ..config.problem import SettingError
from ..config.shelf import SUFFIX, Shelf
from ..config.types import Real, Whole

TRAININGS = Shelf("ensemble", "training")
FEW_ROWS = 200  # of training; fewer teach nothing
MOST_SEED = 10_000_000


def _market(given: Any) -> Any:
    """A market by the name of a preset or file."""
    if not isinstance(given, str):
        return given
    return Config.from_toml(given) if given.endswith(SUFFIX) else Config.preset(given)


class Forest(Model):
    """The random forest (Breiman, 2001, Machine Learning 45), taught by what winners did."""

    trees: Whole = setting("how many", "trees", default=60, ge=1, le=10_000)
    depth: Whole = setting("questions on the way to a leaf, at most", default=8, ge=1, le=64)
    leaf: Whole = setting("training rows of a leaf, at least", "rows", default=20, ge=1)
    rows: Whole = setting("training rows, drawn from all", "rows", default=20_000, ge=FEW_ROWS)


class Line(Model):
    """The linear regression of forward returns."""

    band_bps: Real = setting(
        "forecasts within it, either way, are votes to hold", "bp", default=3.0, ge=0
    )


class Vectors(Model):
    """The support vector machine (Cortes and Vapnik, 1995, Machine Learning 20) for the regime:
    where prices go over a longer horizon."""

    horizon: Whole = setting("ticks ahead", "ticks", default=60, ge=1, le=1_000_000)
    threshold_bps: Real = setting("returns beyond it are bull or bear", "bp", default=16.0, ge=0)
    penalty: Real = setting("C: the price of a wrong side", default=1.0, gt=0)
    rows: Whole = setting(
        "training rows, drawn from all; time grows with their square", "rows", default=1_500,
        ge=FEW_ROWS, le=50_000,
    )  # fmt: skip


class Exam(Model):
    """Seeds that nothing was learned from, in which agents follow the ensemble."""

    episodes: Whole = setting("seeds", default=20, ge=2, le=100_000)
    first_seed: Whole = setting("the first of them", default=2_000_000, ge=0, le=MOST_SEED)
    agents: Whole = setting("agents who follow it", "agents", default=8, ge=1, le=100_000)
    size: Real = setting("shares that one of them trades", "shares", default=25.0, gt=0)
    rival: str = setting("the kind that they are compared with", default="noise_trader")


class EnsembleConfig(Document):
    """What an ensemble is trained on, and how.

    Examples
    --------
    >>> config = EnsembleConfig.load("news_driven", {"forest.trees": 10}, episodes=8)
    >>> config.forest.trees, config.market.symbols[0].symbol
    (10, 'AAPL')
    """

    SHELF = TRAININGS

    market: Annotated[Config, BeforeValidator(_market)] = setting(
        "the market to learn from: a table of its settings, a preset's name, or a TOML file"
    )
    seed: Whole = setting("of the first episode, and of all draws", default=1, ge=0, le=MOST_SEED)
    episodes: Whole = setting("markets to learn from, each with its seed", default=40, ge=2)
    held_out: Real = setting(
        "share of the episodes that validate and teach nothing", "share", default=0.25, gt=0, lt=1
    )
    features: tuple[str, ...] = setting(
        "builders of the observation",
        default=("price", "book", "indicator", "microstructure", "news"),
    )
    horizon: Whole = setting("ticks ahead of a forward return", "ticks", default=20, ge=1)
    threshold_bps: Real = setting(
        "forward returns beyond it, either way, prove an action right", "bp", default=8.0, ge=0
    )
    winners: Real = setting(
        "share of an episode's agents who are its winners, if they have gained",
        "share", default=0.1, gt=0, le=1,
    )  # fmt: skip
    forest: Forest = setting("the random forest", default=Forest())
    line: Line = setting("the linear regression", default=Line())
    vectors: Vectors = setting("the support vectors", default=Vectors())
    evaluation: Exam = setting("how agents who follow it are measured", default=Exam())

    @model_validator(mode="after")
    def _check(self) -> Self:
        longest = max(self.horizon, self.vectors.horizon)
        if longest >= self.market.ticks:
            raise SettingError(
                "market.ticks", f"is {self.market.ticks}; returns over {longest} ticks need more"
            )
        if not 0 < round(self.held_out * self.episodes) < self.episodes:
            raise SettingError(
                "held_out", f"leaves training or validation none of {self.episodes} episodes"
            )
        return self

    @property
    def seeds(self) -> tuple[list[int], list[int]]:
        """Seeds of the episodes that teach and of those that validate."""
        every = list(range(self.seed, self.seed + self.episodes))
        kept = self.episodes - round(self.held_out * self.episodes)
        return every[:kept], every[kept:]

    @property
    def exam_seeds(self) -> list[int]:
        """Seeds in which agents who follow the ensemble are measured."""
        first = self.evaluation.first_seed
        return list(range(first, first + self.evaluation.episodes))


def trainings() -> tuple[str, ...]:
    """The names that `EnsembleConfig.load` takes.

    >>> trainings()
    ('news_driven',)
    """
    return TRAININGS.names()
