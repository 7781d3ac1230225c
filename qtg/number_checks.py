"""Numbers that callers give, checked where no model of a configuration does it."""

from typing import Any

import numpy as np

from .errors import ConfigError


def check_counts(where: str, least: int = 1, **counts: Any) -> None:
    """Refuse what is not a whole number of at least `least`."""
    for name, value in counts.items():
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not whole or value < least:
            raise ConfigError(
                f"{where}: {name} is {value!r}; pass a whole number of at least {least}"
            )


def check_number(where: str, name: str, value: Any, above: float, below: float = np.inf) -> float:
    """The value as a float; refuse what is not a number between `above` and `below`."""
    real = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not real or not above < value < below:
        bound = f"greater than {above:g}" if np.isinf(below) else f"between {above:g} and {below:g}"
        if np.isinf(above):
            bound = "that is finite"
        raise ConfigError(f"{where}: {name} is {value!r}; pass a number {bound}")
    return float(value)


def check_flags(where: str, **flags: Any) -> None:
    """Refuse what is neither true nor false."""
    for name, value in flags.items():
        if not isinstance(value, bool | np.bool_):
            raise ConfigError(f"{where}: {name} must be true or false, got {value!r}")


def check_share(where: str, name: str, value: Any) -> None:
    """Refuse what is not a number from 0 to below 1."""
    real = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not real or not 0.0 <= value < 1.0:
        raise ConfigError(f"{where}: {name} is {value!r}; pass a number from 0 to below 1")
