"""What decides the worth of stocks, and the news that changes it."""

from typing import Self

from pydantic import model_validator

from .base import Model, setting
from .distributions import Distribution, Exponential, check_least
from .types import MAX_TICK, Real, Switch, Whole


class Economy(Model):
    """What discounts earnings: fair value is Gordon's, dividends over (discount - growth), with
    discount = risk_free_rate + beta * equity_risk_premium."""

    risk_free_rate: Real = setting("risk-free rate", "per year", default=0.04, ge=-0.05, le=1)
    equity_risk_premium: Real = setting("equity risk premium", "per year", default=0.05, ge=0, le=1)
    least_spread: Real = setting(
        "discount less growth is never taken as less, however news moves them",
        "per year",
        default=0.01,
        gt=0,
        le=1,
    )
    sentiment_decay: Real = setting(
        "what is left of a sector's sentiment after a tick", "share", default=0.99, ge=0, le=1
    )


class Event(Model):
    """What all kinds of news have in common."""

    size: Real = setting(
        "standard deviation of what it changes: log earnings; for guidance the growth and for "
        "rate decisions the rate, per year",
        default=0.0,
        ge=0,
        le=1,
    )
    sentiment: Real = setting(
        "standard deviation of its sentiment", "sentiment", default=0.3, ge=0, le=1
    )
    duration_ticks: Distribution = setting(
        "how long it stays on people's minds", "ticks", default=Exponential(mean=200)
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_least("duration_ticks", self.duration_ticks)
        return self


class Scheduled(Event):
    """News that comes at times known ahead."""

    every_ticks: Whole = setting(
        "ticks from one to the next; 0 is never", "ticks", default=2_000, ge=0, le=MAX_TICK
    )


class Unscheduled(Event):
    """News that comes at random."""

    frequency: Real = setting(
        "chance that it comes in a tick, for each company, sector or economy",
        "per tick",
        default=0.0,
        ge=0,
        le=1,
    )


class NewsConfig(Model):
    """What becomes known, how often, and what it changes.

    The sizes are those of a market in which hours pass in a run and reports come every half hour:
    a report moves a stock by what it moves by itself in a few minutes, not in a quarter. All news
    together adds about a fifth to the variance of fair value, so that it does not make the tails
    of returns by itself.
    """

    enabled: Switch = setting("whether there is news", default=False)
    earnings: Scheduled = setting(
        "each company's report: its earnings", default=Scheduled(size=0.0015, every_ticks=2_000)
    )
    rate_decision: Scheduled = setting(
        "central bank: the risk-free rate, against what was expected",
        default=Scheduled(size=0.00002, every_ticks=2_500),
    )
    guidance: Unscheduled = setting(
        "what a company expects: its growth",
        default=Unscheduled(size=0.00002, frequency=0.0002),
    )
    company: Unscheduled = setting(
        "other news of a company: its earnings",
        default=Unscheduled(size=0.0004, frequency=0.0005),
    )
    sector: Unscheduled = setting(
        "news of a sector: earnings of its companies",
        default=Unscheduled(size=0.0007, frequency=0.0003),
    )
    macro: Unscheduled = setting(
        "news of the economy: all earnings, by beta",
        default=Unscheduled(size=0.001, frequency=0.001),
    )
