"""Types of single settings, with sentences for values that do not fit."""

import math
from collections.abc import Iterable, Mapping
from enum import Enum
from operator import index
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Strict,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

from qtg.errors import ConfigError
from qtg.money import to_units
from qtg.schemas import PRICE_SCALE

from .problem import shown
from .spelling import did_you_mean

MAX_PRICE_UNITS = 2**62 - 1
MAX_TICK = 2**53


def _whole(value: Any) -> int:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    try:
        if not isinstance(value, bool):
            return index(value)
    except TypeError:
        pass
    raise ValueError(f"must be a whole number, got {shown(value)}")


def _real(value: Any) -> float:
    try:
        if isinstance(value, (bool, str)):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"must be a number, got {shown(value)}") from None
    if not math.isfinite(number):
        raise ValueError(f"must be a finite number, got {shown(value)}")
    return number


def price_units(value: Any) -> int:
    """A price to int64 units of 1e-4; ValueError with a sentence if it is none."""
    try:
        units = to_units(value)
    except ConfigError as error:
        raise ValueError(str(error)) from None
    if not 1 <= units <= MAX_PRICE_UNITS:
        raise ValueError(f"must be a price from 0.0001 to about 4.6e14, got {shown(value)}")
    return units


def price_text(units: int) -> str:
    """Units of 1e-4 as decimal text with two to four decimals.

    >>> price_text(1_875_000), price_text(25)
    ('187.50', '0.0025')
    """
    whole, fraction = divmod(units, PRICE_SCALE)
    decimals = f"{fraction:04d}"
    return f"{whole}.{decimals[:2]}{decimals[2:].rstrip('0')}"


def _price(value: Any) -> str:
    return price_text(price_units(value))


def _identifier(text: str) -> str:
    if not text.isidentifier():
        raise ValueError(
            f"must be a name of letters, digits and underscores, got {shown(text)}; "
            f"for example 'my_trader'"
        )
    return text


Whole = Annotated[int, BeforeValidator(_whole)]
Real = Annotated[float, BeforeValidator(_real)]
Switch = Annotated[bool, Strict()]
Price = Annotated[str, BeforeValidator(_price), WithJsonSchema({"type": ["string", "number"]})]
Identifier = Annotated[str, AfterValidator(_identifier)]


class ByName:
    """Annotation of an enum that is written by its lower-case name; `of` are the members that a
    setting can take, if not all of them."""

    def __init__(self, of: Iterable[Enum] | None = None) -> None:
        self.of = of

    def __get_pydantic_core_schema__(
        self, source: type[Enum], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            lambda value: member(source, value),
            serialization=core_schema.plain_serializer_function_ser_schema(lower_name),
            metadata={"names": names(self.of or source)},
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "enum": schema["metadata"]["names"]}


def names(kind: Iterable[Enum]) -> list[str]:
    """The names of an enum as they are written in TOML."""
    return [lower_name(each) for each in kind]


def member(kind: type[Enum], value: Any) -> Enum:
    """The member of an enum that a name or the member itself stands for."""
    if isinstance(value, kind):
        return value
    if not isinstance(value, str):
        raise ValueError(f"must be one of {', '.join(names(kind))}, got {shown(value)}")
    for each in kind:
        if lower_name(each) == value.lower():
            return each
    raise ValueError(f"no {_spaced(kind.__name__)} {value!r}; {did_you_mean(value, names(kind))}")


def lower_name(value: Enum) -> str:
    """How an enum's member is written in TOML."""
    return value.name.lower()


def _spaced(name: str) -> str:
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()


class Frozen(dict[str, Any]):
    """A dict that refuses changes, so that a frozen configuration is frozen all the way down."""

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise ConfigError(
            "params cannot be changed, a configuration is frozen; "
            "build a changed one with config.with_(...)"
        )

    __setitem__ = __delitem__ = __ior__ = _refuse
    update = pop = popitem = clear = setdefault = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return Frozen, (dict(self),)


def freeze(value: Mapping[str, Any]) -> "Frozen":
    """A frozen copy."""
    return Frozen(value)
