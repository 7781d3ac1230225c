"""Borrowing shares to sell them."""

from typing import Self

from pydantic import model_validator

from .base import Model, setting
from .problem import SettingError
from .types import MAX_TICK, Real, Whole


class ShortSelling(Model):
    """What may be borrowed, at which price, and when it must come back.

    Only populations with `short_selling = true` may sell what they do not have.
    """

    borrow_pool: Real | None = setting(
        "part of the shares that agents do not hold which can be borrowed; if left out, by `rules`",
        "share",
        default=None,
        ge=0,
        le=1,
    )
    max_short: Whole | None = setting(
        "most that an agent may be short in a symbol; if left out, by `rules`",
        "shares",
        default=None,
        ge=0,
        le=2**40,
    )
    fee_bps: Whole = setting(
        "fee for borrowed shares, on their value", "bps per year", default=50, ge=0, le=100_000
    )
    recall_ticks: Whole = setting(
        "from a recall to the buy-in of what has not been bought back",
        "ticks",
        default=60,
        ge=1,
        le=MAX_TICK,
    )
    initial_margin: Real = setting(
        "free cash that an order for a short needs beside its proceeds, as part of its value",
        "share",
        default=0.5,
        ge=0,
        le=10,
    )
    maintenance_margin: Real = setting(
        "equity, as part of what is short, below which it is bought in",
        "share",
        default=0.3,
        ge=0,
        le=10,
    )

    @property
    def initial_bps(self) -> int:
        """Initial margin in basis points."""
        return round(self.initial_margin * 10_000)

    @property
    def maintenance_bps(self) -> int:
        """Maintenance margin in basis points."""
        return round(self.maintenance_margin * 10_000)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.maintenance_margin > self.initial_margin:
            raise SettingError(
                "maintenance_margin",
                f"{self.maintenance_margin:g} is more than initial_margin, "
                f"{self.initial_margin:g}; a new short would be bought in at once",
            )
        return self
