"""The JSON schema of a configuration, for editors and forms."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from .root import Config
from .types import lower_name


class _Generator(GenerateJsonSchema):
    """Writes defaults the way TOML does: enums by name."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, Enum):
            return lower_name(dft)
        return super().encode_default(dict(dft) if isinstance(dft, Mapping) else dft)


def config_schema() -> dict[str, Any]:
    """The JSON schema of `Config`, with a description, unit, range and default where there is one.

    >>> config_schema()["properties"]["tick_ms"]["unit"]
    'ms'
    """
    schema = Config.model_json_schema(schema_generator=_Generator)
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema}
