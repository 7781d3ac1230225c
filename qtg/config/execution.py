"""How agents trade towards the positions that they want."""

from typing import Annotated

from qtg.schemas import Execution

from .base import Model, setting
from .types import MAX_TICK, ByName, Real, Whole


class ExecutionConfig(Model):
    """How a parent order is cut into child orders."""

    style: Annotated[Execution, ByName()] = setting(
        "how it is cut: at once, evenly over time, as the market trades over a time, or as a share "
        "of what the market trades",
        default=Execution.IMMEDIATE,
    )
    ticks: Whole = setting(
        "how long a twap or vwap order is worked", "ticks", default=60, ge=1, le=MAX_TICK
    )
    participation: Real = setting(
        "share of what the market trades (pov only)", "share", default=0.1, gt=0, le=1
    )
