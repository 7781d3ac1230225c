"""What happens before the smart agents wake up."""

from .base import Model, setting
from .types import MAX_TICK, Switch, Whole


class Warmup(Model):
    """Ticks in which only tiers 2 and 3 trade, so that books are filled when tier 1 starts."""

    ticks: Whole = setting(
        "length; these ticks come before the run's own", "ticks", default=500, ge=0, le=MAX_TICK
    )
    persist_candles: Switch = setting("store the candles of the warm-up", default=True)
    min_book_depth: Whole | None = setting(
        "end the warm-up early once every book holds so many orders; never if left out",
        "orders",
        default=None,
        ge=1,
    )
