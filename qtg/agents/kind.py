"""What a strategy says of itself."""

from dataclasses import dataclass, field
from typing import Any

from qtg.schemas import Tier

from .need import Need
from .parameters import Param, Rule


@dataclass(frozen=True)
class Kind:
    """A strategy: its name, tier, what it is, and its parameters with defaults and ranges."""

    name: str
    tier: Tier
    doc: str
    params: dict[str, Param] = field(default_factory=dict)
    decide: Any = None  # a user's function; None for the built-in kernels
    rules: tuple[Rule, ...] = ()  # what must hold between the parameters
    needs: dict[str, Need] = field(default_factory=dict)  # indicators that it reads
    has_desk: bool = False  # wants positions, and takes `execution`
    origin: str = "built in"  # the file, package or module that it comes from
    state: dict[str, float] = field(default_factory=dict)  # columns that a function keeps, starts
    has_pairs: bool = False  # takes `pairs`
    has_model: bool = False  # follows a `model`
