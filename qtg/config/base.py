"""What every part of a configuration is: a frozen table of described settings."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from qtg.errors import ConfigError

from .problem import SettingError, explain
from .spelling import did_you_mean

REQUIRED: Any = ...


def setting(doc: str, unit: str = "", *, default: Any = REQUIRED, **limits: Any) -> Any:
    """Declare a field: its meaning, unit, default and limits (`ge`, `gt`, `le`, `lt`)."""
    extra: dict[str, Any] | None = {"unit": unit} if unit else None
    return Field(default, description=doc, json_schema_extra=extra, **limits)


class Model(BaseModel):
    """Frozen and strict about names; every failure is a `ConfigError` of one sentence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __init__(self, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise explain(error, data) from None

    # Tells pydantic not to call this __init__ for tables inside tables: it would be handed their
    # names as keywords, which names that are not text cannot be.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Check a mapping or an instance; see `pydantic.BaseModel.model_validate`."""
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise explain(error, obj) from None

    if not TYPE_CHECKING:

        def __setattr__(self, name: str, value: Any) -> None:
            raise ConfigError(
                f"{type(self).__name__}.{name} cannot be set, a configuration is frozen; "
                f"build a changed one with config.with_(...)"
            )

    @model_validator(mode="before")
    @classmethod
    def _check_names(cls, data: Any) -> Any:
        """Misspelt names first: a missing setting is often a misspelt one."""
        if not isinstance(data, Mapping):
            return data
        known = cls.model_fields
        for name in data:
            if name not in known:
                raise SettingError(str(name), f"no such setting; {did_you_mean(str(name), known)}")
        for name, field in known.items():
            if field.is_required() and name not in data:
                raise SettingError(name, f"is missing; give the {field.description}")
        return data
