"""Groups of agents of one kind (tiers 1 and 2)."""

from enum import IntEnum
from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from .base import Model, setting
from .distributions import Constant, Distribution, check_least, check_most
from .execution import ExecutionConfig
from .problem import SettingError
from .types import MAX_TICK, ByName, Frozen, Identifier, Real, Switch, Whole, freeze

MAX_AGENTS = 2**31 - 4
RICHEST = 1e12


class FailurePolicy(IntEnum):
    """What becomes of a run in which a strategy of your own fails."""

    STOP = 0
    BENCH = 1


class Population(Model):
    """So many agents of one kind, and what each of them starts with."""

    kind: Identifier = setting("name of the strategy, built in or registered by you")
    count: Whole = setting("how many of them", "agents", ge=0, le=MAX_AGENTS)
    cash: Distribution = setting("cash at the start", "currency", default=Constant(value=100_000))
    shares: Distribution = setting(
        "shares of each tradable symbol at the start", "shares", default=Constant(value=0)
    )
    latency: Distribution | None = setting(
        "delay of their orders; left out or 0: latency.default_ticks", "ticks", default=None
    )
    every: Whole = setting(
        "they act in every so many-th tick", "ticks", default=1, ge=1, le=MAX_TICK
    )
    probability: Real = setting(
        "chance that they act in a tick in which they may", "share", default=1.0, ge=0, le=1
    )
    symbols: tuple[str, ...] | None = setting(
        "symbols that they may trade; all if left out", default=None
    )
    watches: Whole = setting(
        "symbols that each agent watches, each by itself (tier 2)", default=1, ge=1, le=1_000
    )
    pairs: tuple[tuple[str, str], ...] | None = setting(
        "symbols that pairs traders trade against each other; any two of `symbols` if left out",
        default=None,
    )
    execution: ExecutionConfig | None = setting(
        "how agents who want a position get there (tier 1); left out: as the kind does it",
        default=None,
    )
    short_selling: Switch = setting("whether they may borrow shares and sell them", default=False)
    model: str | None = setting(
        "file of the model that they follow, if their kind follows one", default=None, min_length=1
    )
    params: Annotated[dict[Identifier, Distribution], AfterValidator(freeze)] = setting(
        "the strategy's own parameters, drawn once per agent", default=Frozen()
    )
    on_error: Annotated[FailurePolicy, ByName()] = setting(
        "if your own strategy fails: `stop` the run, or `bench` its agents until the run ends",
        default=FailurePolicy.STOP,
    )
    time_budget_ms: Real | None = setting(
        "longest time that a call of your own strategy may take; no limit if left out",
        "ms",
        default=None,
        gt=0,
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_least("cash", self.cash)
        check_most("cash", self._bounded_cash(), RICHEST, "an agent holds at most 1e12")
        check_least("shares", self.shares)
        if self.latency is not None:
            check_least("latency", self.latency)
        if self.symbols is not None:
            self._check_symbols(self.symbols)
        self._check_pairs()
        return self

    def _bounded_cash(self) -> Distribution:
        """The cash, or its mean where no single draw can be said to be the largest."""
        _, high = self.cash.support()
        return self.cash if high < float("inf") else Constant(value=self.cash.expected())

    def _check_symbols(self, symbols: tuple[str, ...]) -> None:
        if not symbols:
            raise SettingError("symbols", "is empty; leave it out to allow every symbol")
        for row, symbol in enumerate(symbols):
            if symbol in symbols[:row]:
                raise SettingError(f"symbols.{row}", f"{symbol!r} appears twice; remove one")

    def _check_pairs(self) -> None:
        if self.pairs is not None and not self.pairs:
            raise SettingError("pairs", "is empty; leave it out to allow any two symbols")
        for row, (first, second) in enumerate(self.pairs or ()):
            if first == second:
                raise SettingError(
                    f"pairs.{row}", f"is a pair of {first!r} with itself; name two symbols"
                )
            for symbol in (first, second):
                if self.symbols is not None and symbol not in self.symbols:
                    raise SettingError(
                        f"pairs.{row}",
                        f"{symbol!r} is not among the population's symbols; add it there, or leave "
                        "symbols out",
                    )
