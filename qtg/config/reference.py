"""The table of all settings for people.

`python -m qtg.config.reference` prints it; it stands at the end of `docs/guide/configure.md`.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple, get_args

from pydantic.fields import FieldInfo

from .base import Model
from .distributions import KINDS
from .root import Config
from .types import ByName, lower_name, names

_LIMITS = {"ge": "from {}", "gt": "above {}", "le": "to {}", "lt": "below {}"}


class Setting(NamedTuple):
    """One line of the table."""

    path: str
    default: str
    unit: str
    range: str
    doc: str


def settings(model: type[Model] = Config, above: str = "") -> Iterator[Setting]:
    """Every setting in order, tables opened; `#` stands for the number of a list's entry."""
    opened: dict[type[Model], str] = {}
    for name, field in model.model_fields.items():
        path, doc = f"{above}{name}", field.description or ""
        inner, is_list = _inner_model(field)
        if inner in opened:
            doc += f"; entries as in `{opened[inner]}`"
            inner = None
        yield Setting(path, _default(field), _unit(field), _range(field), doc)
        if inner is not None:
            opened[inner] = path
            yield from settings(inner, f"{path}.#." if is_list else f"{path}.")


def markdown() -> str:
    """Two Markdown tables: the settings of a run, and the parameters of the distributions."""
    lines = _table(settings())
    for kind, model in KINDS.items():
        lines += ["", f"**{kind}**: {(model.__doc__ or '').strip()}", ""]
        lines += _table(each for each in settings(model) if each.path != "kind")
    return "\n".join(lines) + "\n"


def _table(rows: Iterator[Setting]) -> list[str]:
    head = ["| setting | default | unit | range | meaning |", "|---|---|---|---|---|"]
    return head + [
        f"| `{row.path}` | {row.default} | {row.unit} | {row.range} | {row.doc} |" for row in rows
    ]


def _inner_model(field: FieldInfo) -> tuple[type[Model] | None, bool]:
    """The table that a setting holds, if it is one, and whether it is a list of them."""
    annotation = field.annotation
    first = next(iter(get_args(annotation)), None)
    drawn = KINDS.values()
    for candidate, is_list in ((annotation, False), (first, True)):
        if isinstance(candidate, type) and issubclass(candidate, Model) and candidate not in drawn:
            return candidate, is_list
    return None, False


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if isinstance(value, Model) and type(value) not in KINDS.values():
        return ""
    return f"`{_written(value)}`" if value is not None else "none"


def _written(value: Any) -> str:
    """A default as it would stand in TOML."""
    if isinstance(value, Model):
        value = value.model_dump()
    if isinstance(value, Enum):
        return lower_name(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_written(each)}" for name, each in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_written(each) for each in value) + "]"
    return _number(value) if isinstance(value, (int, float)) else str(value)


def _number(value: float) -> str:
    return f"{value:g}" if isinstance(value, float) else f"{value:_}"


def _unit(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


def _range(field: FieldInfo) -> str:
    annotation = field.annotation
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        given = next((each for each in field.metadata if isinstance(each, ByName)), ByName())
        return ", ".join(names(given.of or annotation))
    found = {
        bound: _number(getattr(each, bound))
        for each in field.metadata
        for bound in _LIMITS
        if hasattr(each, bound)
    }
    return " ".join(_LIMITS[bound].format(found[bound]) for bound in _LIMITS if bound in found)


if __name__ == "__main__":
    print(markdown(), end="")
