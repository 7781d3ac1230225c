"""Price bands and trading halts."""

from .base import Model, setting
from .types import MAX_TICK, Whole


class Halts(Model):
    """When a market stops: if a tick leaves its last price too far from the mean of those before.

    Orders then gather for some ticks, trade in one auction, and the market goes on.
    """

    band_bps: Whole | None = setting(
        "how far the last price may be from the reference price; no halts if left out",
        "bps",
        default=None,
        ge=1,
        le=9_999,
    )
    window_ticks: Whole = setting(
        "the reference price is the mean of the last prices of so many ticks",
        "ticks",
        default=300,
        ge=1,
        le=100_000,
    )
    halt_ticks: Whole = setting(
        "how long orders gather before the reopening auction",
        "ticks",
        default=300,
        ge=1,
        le=MAX_TICK,
    )
