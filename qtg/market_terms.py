"""What a venue is told about its markets, checked and in its own units."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from .errors import ConfigError
from .money import to_units

Price = str | int | float | Decimal


def per_market(value: Any, markets: int, convert: Callable[[Any], int]) -> list[int]:
    """A converted value for every market, from one value or one each.

    Raises
    ------
    ConfigError    neither one value nor `markets` of them, or one that `convert` refuses
    """
    single = isinstance(value, (str, int, float, Decimal))
    values = [value] * markets if single else list(value)
    if len(values) != markets:
        raise ConfigError(
            f"{len(values)} values given for {markets} markets; give one, or one each"
        )
    return [convert(each) for each in values]


def tick_units(value: Price) -> int:
    """A tick size in units of 1e-4."""
    units = to_units(value, "tick_size")
    if units < 1:
        raise ConfigError(f"tick_size must be positive, got {value}")
    return units


def reference_units(value: Price) -> int:
    """A reference price in units of 1e-4."""
    units = to_units(value, "reference")
    if units < 1:
        raise ConfigError(f"reference must be a positive price, got {value}")
    return units


def lot(value: int) -> int:
    """A lot size."""
    if value < 1:
        raise ConfigError(f"lot_size must be positive, got {value}")
    return int(value)


def market_rows(market: int | Sequence[int] | np.ndarray, n_markets: int) -> np.ndarray:
    """int64 (n,): market rows from one or several.

    Raises
    ------
    ConfigError    not whole numbers, or a market that does not exist
    """
    rows = _whole_numbers(market, "markets")
    wrong = rows[(rows < 0) | (rows >= n_markets)]
    if len(wrong):
        raise ConfigError(f"market {wrong[0]} does not exist; this venue has {n_markets}")
    return rows


def environment_ids(envs: Sequence[int] | np.ndarray) -> np.ndarray:
    """int64 (E,): environment ids from a sequence or an array.

    Raises
    ------
    ConfigError    none, not whole numbers, or one of them twice
    """
    ids = _whole_numbers(envs, "envs")
    if not len(ids):
        raise ConfigError("envs is empty; a venue needs at least one environment, such as [0]")
    held, count = np.unique(ids, return_counts=True)
    if len(held) < len(ids):
        raise ConfigError(
            f"envs holds {held[count > 1][0]} more than once; each environment needs its own id"
        )
    return ids


def _whole_numbers(values: Any, name: str) -> np.ndarray:
    try:
        numbers = np.atleast_1d(values)
    except ValueError:
        numbers = np.zeros((0, 0))
    if numbers.ndim != 1:
        raise ConfigError(f"{name} must be one number or have one dimension")
    if not numbers.size:
        return np.zeros(0, np.int64)
    if numbers.dtype.kind not in "iu" or numbers.max() > np.iinfo(np.int64).max:
        raise ConfigError(f"{name} must be whole numbers, got {values}")
    return numbers.astype(np.int64)
