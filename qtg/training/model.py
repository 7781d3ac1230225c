"""Models on disk: what Stable-Baselines3 saves, and a card that says what they are.

The card is a member `qtg.json` of the zip file. Nothing here unpickles: networks are built from the
card's settings and filled with plain tensors.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..contract import Contract
from ..errors import ConfigError, ContractMismatch, ModelError, one_line
from .extra import need_rl
from .settings import ALGORITHMS, Algorithm, TrainingConfig

if TYPE_CHECKING:
    from stable_baselines3.common.base_class import BaseAlgorithm
    from stable_baselines3.common.policies import BasePolicy

    from ..gym import Batch

CARD = "qtg.json"
FORMAT = 1
WEIGHTS = "policy.pth"


@dataclass(frozen=True)
class Card:
    """What a model is.

    Parameters
    ----------
    algorithm : "ppo" or "dqn"
    environment : str         its name in Gymnasium
    contract : dict           of its observations: version, shape, features
    steps : int               that it was trained for, of all environments together
    updates : int             of its network
    config : dict             the training's settings
    versions : dict           of the packages that trained it
    """

    algorithm: Algorithm
    environment: str
    contract: dict[str, Any]
    steps: int
    updates: int
    config: dict[str, Any]
    versions: dict[str, str]
    format: int = FORMAT

    @property
    def training(self) -> TrainingConfig:
        """The training's settings, checked."""
        return TrainingConfig(**self.config)


def save_model(
    learner: BaseAlgorithm, path: Path, algorithm: Algorithm, config: TrainingConfig, batch: Batch
) -> Path:
    """Write a model such that there is either all of it or what was there before."""
    import stable_baselines3
    import torch

    from .. import __version__

    versions = {
        "qtg": __version__,
        "stable-baselines3": stable_baselines3.__version__,
        "torch": torch.__version__,
    }
    card = Card(
        algorithm,
        config.environment,
        contract_of(batch),
        learner.num_timesteps,
        int(learner._n_updates),
        config.model_dump(mode="json"),
        versions,
    )
    part = path.with_suffix(".part")
    with part.open("w+b") as file:
        learner.save(file)
        with zipfile.ZipFile(file, "a") as archive:
            archive.writestr(CARD, json.dumps(asdict(card), indent=2))
    os.replace(part, path)
    return path


def read_card(path: str | Path) -> Card:
    """What a model is. A folder is that of a training, whose last model is meant.

    Raises
    ------
    ConfigError    there is no such file
    ModelError     it is damaged, or no model that qtg trained
    """
    path = model_path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
            if broken is not None:
                raise ModelError(f"{path} is damaged: {broken} is not what was written")
            card = Card(**json.loads(archive.read(CARD)))
            if card.format != FORMAT:
                raise ModelError(f"{path} is of format {card.format}; this qtg reads {FORMAT}")
            if card.algorithm not in ALGORITHMS:
                raise ModelError(f"{path} is of algorithm {one_line(card.algorithm)!r}")
            TrainingConfig(**card.config)
            return card
    except KeyError:
        raise ModelError(
            f"{path} has no {CARD}: it was not trained by `qtg train`; train it again"
        ) from None
    except ModelError:
        raise
    except (zipfile.BadZipFile, OSError, ValueError, TypeError, EOFError, ConfigError) as error:
        raise ModelError(f"{path} is no model, or damaged: {one_line(error)}") from None
    except Exception as error:  # zlib's, and what else a broken archive brings about
        raise ModelError(f"{path} is damaged: {one_line(error)}") from None


def load_policy(path: str | Path, batch: Batch) -> BasePolicy:
    """The policy of a model, for the observations of a batch.

    Raises
    ------
    ContractMismatch    the batch's observations are not those that it was trained on
    ModelError          it is damaged, or no model that qtg trained
    ConfigError         there is no such file, or torch is not installed
    """
    need_rl("a model", "torch", "stable_baselines3")
    card = read_card(path)
    check_contract(card, contract_of(batch), str(path))
    from .algorithms import make_policy

    policy = make_policy(card.algorithm, card.training, batch)
    try:
        policy.load_state_dict(_weights(model_path(path)))
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path}: its network is another: {one_line(error)}") from None
    policy.set_training_mode(False)
    return policy


def model_path(path: str | Path) -> Path:
    """The file of a model: this one, or the last of a training's folder.

    Raises
    ------
    ConfigError    there is none
    """
    path = Path(path)
    if path.is_dir():
        path = path / "model.zip"
    if not path.is_file():
        raise ConfigError(f"{path}: no such model; make one: qtg train ppo execution")
    return path


def contract_of(batch: Batch) -> dict[str, Any]:
    """The contract of a batch's observations, as it stands on cards."""
    contract = getattr(batch, "contract", None)
    if contract is None:  # of somebody's own
        return {"version": 0, "shape": list(batch.observation_space.shape or ()), "features": []}
    found: dict[str, Any] = contract.as_dict()
    return found


def check_contract(card: Card, seen: dict[str, Any], where: str) -> None:
    """Compare what a model was trained on with what it is to see.

    Symbols may have other names.

    Raises
    ------
    ContractMismatch
    ModelError          the card's contract is none
    """
    if not card.contract["features"] or not seen["features"]:
        same = card.contract["shape"] == seen["shape"]
        difference = "" if same else f"the shape is {card.contract['shape']} and {seen['shape']}"
    else:
        try:
            mine, its = (Contract.from_json(json.dumps(each)) for each in (card.contract, seen))
        except ConfigError as error:
            raise ModelError(f"{where} is no model, or damaged: {one_line(error)}") from None
        difference = mine.difference(its)
    if difference:
        raise ContractMismatch(
            f"{where} was trained on other observations than the environment's ({difference}); "
            "give the environment the settings that it had, or train it again"
        )


def _weights(path: Path) -> Any:
    """The tensors of the policy; `weights_only` refuses everything else."""
    import torch

    with zipfile.ZipFile(path) as archive:
        data = io.BytesIO(archive.read(WEIGHTS))
    try:
        return torch.load(data, map_location="cpu", weights_only=True)
    except Exception as error:  # torch and pickle have many
        raise ModelError(f"{path}: {WEIGHTS} is damaged: {one_line(error)}") from None
