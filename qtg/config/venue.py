"""How the venue works."""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from qtg.schemas import Matching, SelfTradePrevention

from .base import Model, setting
from .problem import SettingError
from .types import ByName, Real, Switch, Whole

SMALLEST_WINDOW = 64
LARGEST_WINDOW = 1 << 20


def _two_decimals(value: float) -> float:
    if Decimal(repr(value)) * 100 % 1:
        raise ValueError(f"{value} has more than two decimals; use {value:.2f}")
    return value


def _power_of_two(value: int) -> int:
    if value & (value - 1):
        raise ValueError(
            f"must be a power of two, got {value}; use {1 << (value.bit_length() - 1)}"
            f" or {1 << value.bit_length()}"
        )
    return value


Fee = Annotated[Real, AfterValidator(_two_decimals)]


class VenueConfig(Model):
    """Matching, protection and fees."""

    matching: Annotated[Matching, ByName()] = setting(
        "order in which the messages of one tick are worked", default=Matching.SHUFFLED
    )
    opening_auction: Switch = setting("open every market with an auction", default=False)
    self_trade: Annotated[SelfTradePrevention, ByName()] = setting(
        "what is cancelled when an agent meets its own order",
        default=SelfTradePrevention.CANCEL_INCOMING,
    )
    pool_trades_itself: Switch = setting(
        "whether background orders may trade with each other", default=False
    )
    protection_bps: Whole = setting(
        "how far a market order may walk from the best price; 0 is without limit",
        "bps",
        default=500,
        ge=0,
        le=9_999,
    )
    maker_fee_bps: Fee = setting(
        "fee of the resting order, at most two decimals; negative is a rebate",
        "bps",
        default=0.0,
        ge=-1_000,
        le=1_000,
    )
    taker_fee_bps: Fee = setting(
        "fee of the arriving order, at most two decimals", "bps", default=0.0, ge=0, le=1_000
    )
    window: Annotated[Whole, AfterValidator(_power_of_two)] = setting(
        "price levels kept in reach on each side of a market; a power of two",
        "levels",
        default=1024,
        ge=SMALLEST_WINDOW,
        le=LARGEST_WINDOW,
    )

    @property
    def maker_fee_centibps(self) -> int:
        """Maker fee in hundredths of a basis point (1e-6 of the notional)."""
        return round(self.maker_fee_bps * 100)

    @property
    def taker_fee_centibps(self) -> int:
        """Taker fee in hundredths of a basis point (1e-6 of the notional)."""
        return round(self.taker_fee_bps * 100)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.maker_fee_centibps + self.taker_fee_centibps < 0:
            raise SettingError(
                "maker_fee_bps",
                f"the rebate of {-self.maker_fee_bps:g} is more than taker_fee_bps, "
                f"{self.taker_fee_bps:g}; the venue would pay for every trade",
            )
        return self
