"""What an agent may hold and lose."""

from .base import Model, setting
from .types import Real, Whole


class Limits(Model):
    """Limits of every agent of tiers 1 and 2, checked before an order travels.

    An order that does not raise the largest position that the agent's live orders can lead to
    always passes.
    """

    position: Whole | None = setting(
        "most shares of a symbol that an agent may hold or be short; no limit if left out",
        "shares",
        default=None,
        ge=1,
        le=2**48,
    )
    sector: Real | None = setting(
        "most of its equity that an agent may have in one sector, longs and shorts added up; no "
        "limit if left out",
        "share",
        default=None,
        gt=0,
        le=100,
    )
    drawdown: Real | None = setting(
        "loss, as part of the most that it was worth, from which on an agent may only reduce "
        "positions; no limit if left out",
        "share",
        default=None,
        gt=0,
        le=1,
    )

    @property
    def any(self) -> bool:
        """Whether there is any limit."""
        return any(limit is not None for limit in (self.position, self.sector, self.drawdown))
