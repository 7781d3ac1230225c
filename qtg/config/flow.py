"""Episodes of order flow: bursts, cancel storms, and what sets them off."""

from typing import Annotated, Self

from pydantic import model_validator

from qtg.schemas import Regime

from .base import Model, setting
from .problem import SettingError
from .types import MAX_TICK, ByName, Real, Whole

MOODS = tuple(each for each in Regime if each < Regime.BURST)  # what lasts until it is changed


class Burst(Model):
    """What the regime `burst` does: activity jumps and decays, then the regime before holds again.

    The jump decays exponentially, as the intensity of a Hawkes process does after an event: Bacry,
    Mastromatteo and Muzy (2015), Hawkes processes in finance, Market Microstructure and Liquidity
    1(1).
    """

    spike: Real = setting(
        "what activity is multiplied with in its first tick; no more than all agents are active",
        default=4.0,
        ge=1,
        le=1_000,
    )
    half_life_ticks: Real = setting(
        "time in which half of what the spike added is gone; the burst ends when it adds less than "
        "a twentieth of the usual activity",
        "ticks",
        default=20.0,
        gt=0,
        le=MAX_TICK,
    )


class CancelStorm(Model):
    """What the regime `cancel_storm` does: the pool cancels its resting orders in bulk."""

    share: Real = setting(
        "chance in a tick of each of the pool's resting orders to be cancelled",
        "per tick",
        default=0.2,
        ge=0,
        le=1,
    )
    ticks: Whole = setting(
        "how long it lasts; then the regime before holds again", "ticks", default=20, ge=1
    )


class RegimeTrigger(Model):
    """A change of regime when a threshold is reached, after the warm-up."""

    regime: Annotated[Regime, ByName()] = setting("the regime from then on")
    volatility: Real | None = setting(
        "reached when the mids have lately moved so many times as much as in the long run",
        default=None,
        gt=0,
    )
    depth: Whole | None = setting(
        "reached when so many orders rest in a market at the start of a tick, on average over the "
        "symbols",
        "orders",
        default=None,
        ge=1,
    )
    rest_ticks: Whole = setting(
        "time in which it does not fire again", "ticks", default=300, ge=1, le=MAX_TICK
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.volatility is None) == (self.depth is None):
            raise SettingError("volatility", "give one threshold: `volatility` or `depth`")
        return self
