"""The settings that the search turns, each with the statistic it mostly moves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from qtg.config import Config


class Knob(NamedTuple):
    """A setting on a scale on which equal steps matter about equally.

    A new mechanism of the pool joins the fit with one more row of `KNOBS`.
    """

    path: str  # of the setting, as `Config.with_` takes it
    told_by: tuple[str, ...]  # statistics that tell it: without any, it stays as first estimated
    scale: str  # "log", "memory" (log of the time a decay lasts), or "plain"
    low: float
    high: float
    step: float  # on the scale; for slopes

    def read(self, config: Config) -> float:
        """Where it stands, on its scale."""
        return self.place(_setting(config, self.path))

    def place(self, value: float) -> float:
        """A value of the setting on the scale, within the limits."""
        value = min(max(value, self.low), self.high)
        if self.scale == "log":
            return math.log(value)
        return -math.log(1.0 - value) if self.scale == "memory" else value

    def value(self, place: float) -> float:
        """The setting at a place on the scale."""
        if self.scale == "log":
            value = math.exp(place)
        else:
            value = 1.0 - math.exp(-place) if self.scale == "memory" else place
        return min(max(value, self.low), self.high)


KNOBS = (
    Knob("background.activity", ("rate",), "log", 1e-6, 1.0, 0.2),
    Knob(
        "fair_value.volatility",
        ("volatility_1m", "volatility_5m", "volatility_30m"),
        "log",
        1e-4,
        10.0,
        0.2,
    ),
    Knob(
        "smart.0.params.half_spread",
        ("spread", "volatility_1s", "volatility_10s"),
        "log",
        1e-8,
        0.2,
        0.4,
    ),
    Knob("background.sentiment_volatility", ("sign_acf_1",), "plain", 0.01, 1.0, 0.15),
    Knob("background.sentiment_decay", ("sign_acf_10", "sign_acf_100"), "memory", 0.2, 0.9999, 0.5),
)


def turned(config: Config, knobs: Sequence[Knob], places: Sequence[float]) -> Config:
    """The market with every knob at its place, to four digits."""
    values = {knob.path: knob.value(place) for knob, place in zip(knobs, places, strict=True)}
    return config.with_({path: float(f"{value:.4g}") for path, value in values.items()})


def _setting(config: Config, path: str) -> float:
    found: object = config.model_dump()
    for part in path.split("."):
        found = found[int(part)] if isinstance(found, (list, tuple)) else found[part]  # type: ignore[index]
    return float(found)  # type: ignore[arg-type]
