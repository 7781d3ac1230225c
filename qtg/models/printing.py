"""What a model says of itself, printed."""

import json
import re
from typing import Any

from ..terminal import Column, print_table, print_text
from .onnx_model import OnnxModel


def print_model(model: OnnxModel, as_json: bool) -> None:
    """Print what a model observes, how it acts and where it was trained."""
    card = model.card
    if as_json:
        print(json.dumps(_told(model), indent=2))
        return
    features = card.contract.features
    settings = {name: value for name, value in card.contract.environment.items() if name != "id"}
    lines = {
        "trained in": card.environment,
        "with": ", ".join(f"{name} {_text(value)}" for name, value in settings.items()),
        "action": str(card.actions),
        "observation": f"{len(features)} numbers, contract version {card.contract.version}",
        "SHA-256": model.digest,
    }
    for name, line in lines.items():
        print_text(f"{name:<12} {line}")
    print_table(
        [
            Column("feature", [each["name"] for each in features]),
            Column("made of", [_made_of(each) for each in features], folds=True),
            Column("scaled by", [_scaling(each) for each in features]),
            Column("within", ["{:g} to {:g}".format(*each["bounds"]) for each in features]),
        ]
    )


def _told(model: OnnxModel) -> dict[str, Any]:
    card = model.card
    return {
        "environment": card.environment,
        "action_space": card.actions.as_dict(),
        "observation_contract_version": card.contract.version,
        "observation_shape": list(card.contract.shape),
        "contract": card.contract.as_dict(),
        "sha256": model.digest,
    }


def _made_of(feature: dict[str, Any]) -> str:
    of = dict(zip("xyz", feature["columns"], strict=False))
    return re.sub(r"\b[xyz]\b", lambda letter: str(of[letter[0]]), feature["formula"])


def _scaling(feature: dict[str, Any]) -> str:
    params = ", ".join(f"{each:g}" for each in feature["norm_params"])
    return f"{feature['normalization']} {params}".strip()


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
