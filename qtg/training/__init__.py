"""Training and evaluating learners with Stable-Baselines3. What trains needs the extra `rl`.

Names are loaded when first used, so that settings can be read without torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .settings import TrainingConfig

if TYPE_CHECKING:
    from .evaluation import Evaluation, evaluate
    from .model import Card, load_policy, read_card
    from .trainer import Trained, train

__all__ = [
    "Card",
    "Evaluation",
    "Trained",
    "TrainingConfig",
    "evaluate",
    "load_policy",
    "read_card",
    "train",
]

_HOMES = {
    "evaluation": ("Evaluation", "evaluate"),
    "model": ("Card", "load_policy", "read_card"),
    "trainer": ("Trained", "train"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'qtg.training' has no attribute {name!r}")
    return getattr(import_module(f"qtg.training.{_HOME_OF[name]}"), name)
