"""Prices and cash are int64 at 1e-4; people write them as text or decimals."""

from decimal import Decimal, InvalidOperation, localcontext

from qtg.schemas import PRICE_SCALE

from .errors import ConfigError


def to_units(value: str | int | float | Decimal, what: str = "price") -> int:
    """Currency to int64 units of 1e-4, exactly.

    >>> to_units("0.25"), to_units(100)
    (2500, 1000000)

    Raises
    ------
    ConfigError    not a number, or finer than 1e-4
    """
    try:
        with localcontext(prec=100):
            scaled = Decimal(str(value)) * PRICE_SCALE
            units = int(scaled)
    except (InvalidOperation, ValueError, OverflowError):
        raise ConfigError(f"{what} {value!r} is not a number; write it as '12.34'") from None
    if scaled != units:
        raise ConfigError(f"{what} {value} is finer than 0.0001, the smallest unit of money")
    return units


def to_currency(units: int) -> float:
    """Int64 units of 1e-4 to currency.

    >>> to_currency(2500)
    0.25
    """
    return units / PRICE_SCALE
