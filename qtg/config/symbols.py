"""What is traded."""

from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from qtg.schemas import Sector

from .base import Model, setting
from .problem import SettingError, shown
from .types import MAX_PRICE_UNITS, ByName, Price, Real, Whole, price_text, price_units

LONGEST = 12
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


def _ticker(text: str) -> str:
    if not 1 <= len(text) <= LONGEST or not _LETTERS.issuperset(text):
        raise ValueError(
            f"must be 1 to {LONGEST} of the characters A-Z 0-9 . _ -, got {shown(text)}"
        )
    return text


Ticker = Annotated[str, AfterValidator(_ticker)]


class SymbolConfig(Model):
    """One listed stock: its sector, its first price and the rules of trading it."""

    symbol: Ticker = setting("ticker, 1 to 12 of A-Z 0-9 . _ -")
    sector: Annotated[Sector, ByName()] = setting("branch of industry", default=Sector.TECH)
    initial_price: Price = setting(
        "price before the first trade, as decimal text on the tick grid", "currency"
    )
    tick_size: Price = setting("smallest price step", "currency", default="0.01")
    lot_size: Whole = setting("smallest quantity step", "shares", default=1, ge=1, le=2**40)
    shares_outstanding: Whole | None = setting(
        "shares that exist; agents cannot hold more in total; if left out, by `rules`",
        "shares",
        default=None,
        ge=1,
        le=2**48,
    )

    eps: Real | None = setting(
        "expected earnings per share and year; if left out, what makes initial_price fair",
        "currency",
        default=None,
        gt=0,
        le=1e9,
    )
    growth: Real = setting("expected growth of the earnings", "per year", default=0.03, ge=-0.5)
    payout: Real = setting(
        "part of the earnings that is paid as dividend", "share", default=0.5, gt=0, le=1
    )
    beta: Real = setting("sensitivity to the market", default=1.0, ge=0, le=10)
    volatility: Real | None = setting(
        "standard deviation of the yearly log return of its fair value; if left out, "
        "fair_value.volatility",
        "per year",
        default=None,
        ge=0,
        le=10,
    )

    @property
    def initial_price_units(self) -> int:
        """The initial price in int64 units of 1e-4."""
        return price_units(self.initial_price)

    @property
    def tick_size_units(self) -> int:
        """The tick size in int64 units of 1e-4."""
        return price_units(self.tick_size)

    @model_validator(mode="after")
    def _check(self) -> Self:
        self._check_tick_grid()
        if self.shares_outstanding is not None:
            self.check_outstanding(self.shares_outstanding)
        return self

    def check_outstanding(self, shares: int) -> None:
        """Raise a `SettingError` unless so many shares of this stock can exist."""
        if shares < self.lot_size:
            raise SettingError("shares_outstanding", f"is less than one lot of {self.lot_size}")
        if self.initial_price_units * shares > MAX_PRICE_UNITS:
            most = MAX_PRICE_UNITS // self.initial_price_units
            raise SettingError(
                "shares_outstanding",
                f"times initial_price passes the largest amount of money, about 4.6e14; "
                f"use at most {most}",
            )

    def _check_tick_grid(self) -> None:
        price, step = self.initial_price_units, self.tick_size_units
        if price % step == 0:
            return
        below = price // step * step
        near = [price_text(each) for each in (below, below + step) if each > 0]
        raise SettingError(
            "initial_price",
            f"{self.initial_price} is not a multiple of tick_size {self.tick_size}; "
            f"use {' or '.join(near)}",
        )
