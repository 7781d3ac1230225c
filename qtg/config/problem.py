"""How a problem in a configuration is told: one sentence for the first one."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qtg.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_SENTENCES = {
    "greater_than_equal": "must be at least {ge}, got {input}",
    "greater_than": "must be more than {gt}, got {input}",
    "less_than_equal": "must be at most {le}, got {input}",
    "less_than": "must be less than {lt}, got {input}",
    "bool_type": "must be true or false, got {input}",
    "string_type": "must be text, got {input}",
    "tuple_type": "must be a list, got {input}",
    "dict_type": "must be a table, got {input}",
    "model_type": "must be a table, got {input}",
}
_KEY_PROBLEM = "[key]"
_LONGEST_VALUE = 60


class SettingError(ConfigError, ValueError):
    """A setting is not usable.

    Parameters
    ----------
    path : str     dotted path of the setting, such as `background.count`; may be empty
    text : str     what is wrong and what to change
    source : str   the file or environment variable that it came from, if any
    """

    def __init__(self, path: str, text: str, source: str = "") -> None:
        super().__init__(path, text, source)
        self.path = path
        self.text = text
        self.source = source

    def __str__(self) -> str:
        return ": ".join(part for part in (self.source, self.path, self.text) if part)


def explain(error: "ValidationError", data: Any) -> SettingError:
    """The first problem that pydantic found in `data`, as one sentence."""
    problems = error.errors(include_url=False)
    first = problems[0]
    for each in problems:
        # The collector does not see what pydantic's errors hold: a frame that holds them in turn
        # would never be freed.
        if isinstance(cause := each.get("ctx", {}).get("error"), Exception):
            cause.__traceback__ = None
    path = _written_path(first["loc"], data)
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, SettingError):
        return SettingError(_joined((*path, cause.path)), cause.text)
    return SettingError(_joined(path), _sentence(first, cause))


def shown(value: Any) -> str:
    """A value as it is quoted in a sentence: short, on one line."""
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."


def _sentence(problem: "ErrorDetails", cause: Any) -> str:
    if cause is not None:
        return str(cause)
    template = _SENTENCES.get(problem["type"])
    if template is None:
        return f"{problem['msg'][:1].lower()}{problem['msg'][1:]}, got {shown(problem['input'])}"
    return template.format(**problem.get("ctx", {}), input=shown(problem["input"]))


def _written_path(loc: Sequence[str | int], data: Any) -> list[str]:
    """The path as the user wrote it: without pydantic's names for the members of a union."""
    path: list[str] = []
    for part in loc:
        if part == _KEY_PROBLEM or not isinstance(data, (Mapping, list, tuple)):
            break
        if isinstance(data, Mapping) and part not in data and part == data.get("kind"):
            continue
        path.append(str(part))
        data = _below(data, part)
    return path


def _below(data: Any, part: str | int) -> Any:
    try:
        return data[part]
    except (KeyError, IndexError, TypeError):
        return None


def _joined(parts: Sequence[str]) -> str:
    return ".".join(part for part in parts if part)
