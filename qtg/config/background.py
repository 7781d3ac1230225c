"""The background pool (tier 3) and the regimes that set its mood."""

from itertools import pairwise
from typing import Annotated, NamedTuple, Self

from pydantic import model_validator

from qtg.schemas import Regime

from .base import Model, setting
from .distributions import Distribution, Exponential, LogLogistic, LogNormal, PowerLaw, check_least
from .flow import MOODS, Burst, CancelStorm, RegimeTrigger
from .populations import MAX_AGENTS
from .problem import SettingError
from .types import ByName, Real, Whole


class Traits(NamedTuple):
    """What a regime says about the pool; all are shares or standard deviations from 0 to 1."""

    activity: float  # share of the pool that sends an order each tick
    sentiment_volatility: float  # standard deviation of the shocks to sentiment
    contrarian: float  # share of the orders that go against sentiment


REGIMES = {
    Regime.CALM: Traits(activity=0.1, sentiment_volatility=0.05, contrarian=0.3),
    Regime.NORMAL: Traits(activity=0.3, sentiment_volatility=0.15, contrarian=0.25),
    Regime.VOLATILE: Traits(activity=0.6, sentiment_volatility=0.3, contrarian=0.2),
    Regime.CRISIS: Traits(activity=0.9, sentiment_volatility=0.5, contrarian=0.15),
}


class RegimeSwitch(Model):
    """A change of regime at a known time."""

    tick: Whole = setting("tick from which it holds", "tick", ge=1)
    regime: Annotated[Regime, ByName()] = setting("the regime from then on")


class RegimeChance(Model):
    """A change of regime at random: one step of a Markov chain."""

    source: Annotated[Regime, ByName(MOODS)] = setting("regime before")
    target: Annotated[Regime, ByName()] = setting("regime after")
    chance: Real = setting("chance of the change in a tick", "per tick", ge=0, le=1)


class Metaorders(Model):
    """Large orders that the pool works in small pieces for a long time: buys follow buys.

    Source: Lillo, Mike and Farmer (2005), Theory for long memory in supply and demand, Physical
    Review E 71, 066122.
    """

    count: Whole = setting(
        "how many are worked at a time in each market; 0 is none", default=3, ge=0, le=64
    )
    share: Real = setting(
        "part of the pool's aggressive orders that belongs to them",
        "share",
        default=0.75,
        ge=0,
        le=1,
    )
    duration_ticks: Distribution = setting(
        "how long one is worked; a power law gives signs of trades a memory that falls as "
        "lag ** (1 - alpha)",
        "ticks",
        default=PowerLaw(minimum=60, alpha=1.5, maximum=23_400),
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_least("duration_ticks", self.duration_ticks)
        return self


class Background(Model):
    """Many small investors as one statistical source of orders."""

    count: Whole = setting("background agents", "agents", default=0, ge=0, le=MAX_AGENTS)
    regime: Annotated[Regime, ByName(MOODS)] = setting(
        "mood of the market; gives the three settings below their values where they are left out",
        default=Regime.NORMAL,
    )
    schedule: tuple[RegimeSwitch, ...] = setting(
        "changes of regime at known times, the earliest first", default=()
    )
    chain: tuple[RegimeChance, ...] = setting(
        "changes of regime at random, drawn once a tick", default=()
    )
    triggers: tuple[RegimeTrigger, ...] = setting(
        "changes of regime when a threshold is reached; of several in a tick the last counts",
        default=(),
    )
    burst: Burst = setting("how the regime `burst` goes", default=Burst())
    cancel_storm: CancelStorm = setting("how the regime `cancel_storm` goes", default=CancelStorm())
    news_activity: Real = setting(
        "what the strongest sector sentiment adds to activity, as part of it", default=0.1, ge=0
    )
    volatility_activity: Real = setting(
        "what it adds to activity, as part of it, when the mids move twice as much as they used to",
        default=0.05,
        ge=0,
    )
    activity: Real | None = setting(
        "part of the pool that sends an order each tick", "share", default=None, ge=0, le=1
    )
    sentiment_volatility: Real | None = setting(
        "standard deviation of the shocks to sentiment", "sentiment", default=None, ge=0, le=1
    )
    contrarian: Real | None = setting(
        "part of the orders that go against sentiment", "share", default=None, ge=0, le=1
    )
    sentiment_decay: Real = setting(
        "what is left of sentiment after a tick", "share", default=0.99, ge=0, le=1
    )
    sentiment_clamp: Real = setting(
        "largest absolute sentiment", "sentiment", default=1.0, gt=0, le=1
    )
    offset_ticks: Distribution = setting(
        "distance of a passive order's price from the centre; where few orders come near it, depth "
        "rises from the best price on and impact is concave",
        "price ticks",
        default=LogLogistic(median=12, shape=2.4),
    )
    anchor: Real = setting(
        "how far its idea of the price goes from the mid price (0) to the fair value (1)",
        "share",
        default=0.5,
        ge=0,
        le=1,
    )
    aggressive: Real = setting(
        "part of the orders that are priced through the centre, to take what is there and not to "
        "rest",
        "share",
        default=0.25,
        ge=0,
        le=1,
    )
    volatility_trading: Real = setting(
        "what a doubled volatility of fair value adds to that, as part of it",
        default=0.5,
        ge=0,
        le=10,
    )
    aggressive_ticks: Distribution = setting(
        "how far an aggressive order is priced through the centre",
        "price ticks",
        default=Exponential(mean=2),
    )
    size: Distribution = setting("order size", "lots", default=LogNormal(median=30, sigma=1.0))
    latency_low: Whole = setting("shortest delay of an order", "ticks", default=1, ge=0)
    latency_high: Whole = setting("longest delay of an order", "ticks", default=5, ge=0)
    lifetime_ticks: Distribution = setting(
        "how long a resting order lives", "ticks", default=Exponential(mean=3)
    )
    metaorders: Metaorders = setting("large orders in small pieces", default=Metaorders())
    pnl_limit: Real = setting(
        "the pool's profit or loss, as part of the market capitalisation, at which the sanity "
        "check fails",
        "share",
        default=0.05,
        gt=0,
    )

    @property
    def traits(self) -> Traits:
        """Activity, sentiment volatility and contrarian share: as set, else the regime's.

        >>> Background(regime="crisis", contrarian=0.4).traits
        Traits(activity=0.9, sentiment_volatility=0.5, contrarian=0.4)
        """
        return self.traits_in(self.regime)

    def traits_in(self, regime: Regime) -> Traits:
        """The same in another regime; a burst or a cancel storm has none of its own."""
        own = (self.activity, self.sentiment_volatility, self.contrarian)
        return Traits(
            *(mine if mine is not None else its for mine, its in zip(own, REGIMES[regime]))
        )

    @property
    def resolved_activity(self) -> float:
        """Part of the pool that sends an order each tick: as set, else the regime's."""
        return self.traits.activity

    @property
    def resolved_sentiment_volatility(self) -> float:
        """Standard deviation of the shocks to sentiment: as set, else the regime's."""
        return self.traits.sentiment_volatility

    @property
    def resolved_contrarian(self) -> float:
        """Part of the orders that go against sentiment: as set, else the regime's."""
        return self.traits.contrarian

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in ("offset_ticks", "aggressive_ticks", "size", "lifetime_ticks"):
            check_least(name, getattr(self, name))
        self._check_regimes()
        if self.latency_low > self.latency_high:
            raise SettingError(
                "latency_low", f"{self.latency_low} is more than latency_high, {self.latency_high}"
            )
        return self

    def _check_regimes(self) -> None:
        if self.regime not in MOODS:
            raise SettingError(
                "regime",
                f"{self.regime.name.lower()} passes; give what it passes into "
                f"({', '.join(each.name.lower() for each in MOODS)}) and put it into `schedule`",
            )
        ticks = [switch.tick for switch in self.schedule]
        for row, (before, after) in enumerate(pairwise(ticks), start=1):
            if after <= before:
                raise SettingError(
                    f"schedule.{row}.tick", f"{after} does not come after {before}, the one before"
                )
        leaving = dict.fromkeys(Regime, 0.0)
        for row, step in enumerate(self.chain):
            if step.source not in MOODS:
                raise SettingError(
                    f"chain.{row}.source",
                    f"{step.source.name.lower()} ends by itself; leave the entry out",
                )
            if step.source == step.target:
                raise SettingError(
                    f"chain.{row}.target", "is the regime before; leave the entry out"
                )
            leaving[step.source] += step.chance
            if leaving[step.source] > 1:
                raise SettingError(
                    f"chain.{row}.chance",
                    f"the chances to leave {step.source.name.lower()} are "
                    f"{leaving[step.source]:g} together; they are at most 1",
                )
