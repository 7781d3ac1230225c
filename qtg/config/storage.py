"""What a run writes to its directory."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from .base import Model, setting
from .problem import SettingError, shown
from .types import MAX_TICK, Switch, Whole

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_TIMEFRAME = re.compile(r"([1-9][0-9]{0,8})([smhd])")
LONGEST = 366 * _SECONDS["d"]


def timeframe_seconds(text: str) -> int:
    """Length of a timeframe such as '5m' in seconds.

    >>> timeframe_seconds("5m")
    300

    Raises
    ------
    ValueError    not a whole number followed by s, m, h or d, or longer than a year
    """
    match = _TIMEFRAME.fullmatch(text)
    length = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not 0 < length <= LONGEST:
        raise ValueError(f"must be a length such as '30s', '5m', '1h' or '1d', got {shown(text)}")
    return length


def _timeframe(text: str) -> str:
    timeframe_seconds(text)
    return text


class Storage(Model):
    """Which tables are written, and how often."""

    quotes: Switch = setting("store the best bid and ask of every market and tick", default=True)
    candles: tuple[Annotated[str, AfterValidator(_timeframe)], ...] = setting(
        "candle lengths (s, m, h, d), short to long, each a multiple of the one before",
        default=("1m", "5m", "1h"),
    )
    agents_every: Whole = setting(
        "store all agents at the start, in every so many-th tick and at the end; 0 is never",
        "ticks",
        default=100,
        ge=0,
        le=MAX_TICK,
    )
    equity_every: Whole = setting(
        "store what the agents of `equity_of` are worth in every so many-th tick; 0 is never",
        "ticks",
        default=10,
        ge=0,
        le=MAX_TICK,
    )
    equity_of: tuple[str, ...] = setting(
        "whose equity is stored: tiers (smart, reactive) or kinds", default=("smart",)
    )
    depth_every: Whole = setting(
        "store the depth of every book in every so many-th tick; 0 is never",
        "ticks",
        default=0,
        ge=0,
        le=MAX_TICK,
    )
    depth_levels: Whole = setting(
        "prices on each side whose depth is stored, from the best on",
        "price ticks",
        default=30,
        ge=1,
        le=10_000,
    )
    orders: Switch = setting("store every order and what became of it", default=False)
    row_group: Whole = setting(
        "rows per Parquet row group", "rows", default=61_440, ge=1_024, le=2**24
    )

    @property
    def candle_seconds(self) -> tuple[int, ...]:
        """Lengths of the candles in seconds."""
        return tuple(timeframe_seconds(each) for each in self.candles)

    @model_validator(mode="after")
    def _check(self) -> Self:
        shorter, length_before = "", 1
        for row, (text, length) in enumerate(zip(self.candles, self.candle_seconds)):
            if row and (length == length_before or length % length_before):
                raise SettingError(
                    f"candles.{row}",
                    f"{text!r} must be a longer multiple of the one before it, {shorter!r}; "
                    f"list them from short to long",
                )
            shorter, length_before = text, length
        return self
