"""From a market to an ensemble that trades in it, and a report of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..ensemble_model import EnsembleModel
from ..errors import ConfigError
from .collecting import collect
from .fitting import fit, model_of, need_sklearn
from .measuring import Measured, followers_market, measure
from .settings import EnsembleConfig
from .validating import Validation, compare_with_sklearn, validate

Told = Callable[[str, int, int], Any]  # what is done, how much of it, of how much


@dataclass(frozen=True)
class Report:
    """What came of a training.

    Parameters
    ----------
    path : str           the model's file
    rows : int           that taught
    winners : dict       kind -> how many of its agents were among the winners of an episode
    agree : int          rows on which scikit-learn and the file were compared, and agreed
    validation : Validation
    measured : Measured
    """

    path: str
    rows: int
    winners: dict[str, int]
    agree: int
    validation: Validation
    measured: Measured

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers, for JSON; None where there is none."""
        found: dict[str, Any] = _plain(asdict(self))
        found["beats_rival"] = self.measured.beats_rival
        return found


def train_ensemble(
    config: EnsembleConfig, out: str | Path, told: Told | None = None
) -> tuple[EnsembleModel, Report]:
    """Collect, fit, write the model to a file, validate it, and let agents follow it.

    The validation's episodes and the agents' seeds have taught nothing.

    Parameters
    ----------
    config : EnsembleConfig
    out : path            of the model, JSON
    told : function       told of episodes that are done

    Raises
    ------
    ConfigError    the configuration leaves nothing to learn, or scikit-learn is not there
    ModelError     the file cannot be written

    Examples
    --------
    >>> config = EnsembleConfig.load("news_driven")
    >>> model, report = train_ensemble(config, "ensemble.json")    # doctest: +SKIP
    """
    need_sklearn()
    path = Path(out)
    if not path.parent.is_dir():
        raise ConfigError(f"{path}: there is no folder {path.parent}; make it first")
    followers_market(path, config)
    teach, check = config.seeds
    collected = collect(config, [*teach, *check], _as(told, "episodes"))
    own, held_out = collected.samples.of(teach), collected.samples.of(check)
    fitted = fit(own, config)
    model = model_of(fitted, config)
    agree = compare_with_sklearn(model, fitted, held_out.x)
    validation = validate(model, held_out, config, fitted.forest.feature_importances_)
    model.save(path)
    measured = measure(path, config, _as(told, "held-out markets"))
    return model, Report(str(path), len(own), collected.winners, agree, validation, measured)


def _as(told: Told | None, what: str) -> Callable[[int, int], Any] | None:
    return None if told is None else lambda done, of: told(what, done, of)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and value != value else value
