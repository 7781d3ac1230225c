"""`Distribution`: the type of a setting that is drawn for each agent or order.

In TOML it is a number, meaning always that, or a table such as
`{ kind = "normal", mean = 10, std = 2, low = 0 }`.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Tag

from .distribution_base import DistributionModel
from .families import (
    Choice,
    Constant,
    Exponential,
    LogLogistic,
    LogNormal,
    Normal,
    PowerLaw,
    Uniform,
)
from .problem import SettingError, shown
from .spelling import did_you_mean

__all__ = [
    "KINDS",
    "Choice",
    "Constant",
    "Distribution",
    "Exponential",
    "LogLogistic",
    "LogNormal",
    "Normal",
    "PowerLaw",
    "Uniform",
    "check_least",
    "check_most",
]

KINDS: dict[str, type[DistributionModel]] = {
    "constant": Constant,
    "uniform": Uniform,
    "normal": Normal,
    "lognormal": LogNormal,
    "exponential": Exponential,
    "power_law": PowerLaw,
    "loglogistic": LogLogistic,
    "choice": Choice,
}


def _check_kind(data: Any) -> Any:
    if not isinstance(data, Mapping):
        return data
    if "kind" not in data:
        raise SettingError("kind", f"is missing; give one of {', '.join(KINDS)}")
    kind = data["kind"]
    if kind not in KINDS:
        raise SettingError(
            "kind", f"no distribution {shown(kind)}; {did_you_mean(str(kind), KINDS)}"
        )
    return data


def _tag(data: Any) -> str:
    """Which member of the union this is; anything that is not a table is meant as a constant."""
    if isinstance(data, Mapping):
        return str(data["kind"])
    return str(getattr(data, "kind", "constant"))


Distribution = Annotated[
    Annotated[Constant, Tag("constant")]
    | Annotated[Uniform, Tag("uniform")]
    | Annotated[Normal, Tag("normal")]
    | Annotated[LogNormal, Tag("lognormal")]
    | Annotated[Exponential, Tag("exponential")]
    | Annotated[PowerLaw, Tag("power_law")]
    | Annotated[LogLogistic, Tag("loglogistic")]
    | Annotated[Choice, Tag("choice")],
    Discriminator(_tag),
    BeforeValidator(_check_kind),
]


def check_least(name: str, drawn: DistributionModel, least: float = 0.0) -> None:
    """Refuse a distribution that can fall below `least`."""
    low, _ = drawn.support()
    if low >= least:
        return
    what = f"{low:g}" if low > float("-inf") else "any negative number"
    fix = f"; set its low to {least:g}" if isinstance(drawn, Normal) else ""
    raise SettingError(name, f"must not fall below {least:g} but can be {what}{fix}")


def check_most(name: str, drawn: DistributionModel, most: float, limit: str) -> None:
    """Refuse a distribution that can pass `most`; `limit` says where that number is set."""
    _, high = drawn.support()
    if high > most:
        what = f"{high:g}" if high < float("inf") else "any number"
        raise SettingError(name, f"can be {what} but {limit}; choose a bounded distribution")
