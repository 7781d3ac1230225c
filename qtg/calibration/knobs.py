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
    scale: str  # "log" or "plain"
    low: float
    high: float
    step: float  # on the scale; for slopes

    def read(self, config: Config) -> float:
        """Where it stands, on its scale."""
        return self.place(_setting(config, self.path))

    def place(self, value: float) -> float:
        """A value of the setting on the scale, within the limits."""
        value = min(max(value, self.low), self.high)
        return math.log(value) if self.scale == "log" else value

    def value(self, place: float) -> float:
        """The setting at a place on the scale."""
        value = math.exp(place) if self.scale == "log" else place
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
    Knob("background.metaorders.share", ("sign_acf_1",), "plain", 0.0, 1.0, 0.1),
    Knob(
        "background.metaorders.duration_ticks.minimum", ("sign_acf_10",), "log", 0.5, 10_000.0, 0.4
    ),
    Knob("background.metaorders.duration_ticks.alpha", ("sign_acf_100",), "plain", 1.05, 6.0, 0.3),
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
