"""Settings from environment variables.

`QTG_` and the path of a setting in capitals, its parts joined by two underscores:
`QTG_SEED=7`, `QTG_BACKGROUND__REGIME=crisis`, `QTG_SMART__0__COUNT=5`. Values are written as in
TOML; text needs no quotes.
"""

import tomllib
from collections.abc import Mapping
from typing import Any

from .changes import apply_change, leaf_paths
from .problem import SettingError
from .spelling import did_you_mean

PREFIX = "QTG_"
SEPARATOR = "__"
# Variables that start with QTG_ but are no settings, and what they are for.
NOT_SETTINGS: dict[str, str] = {
    "QTG_LOG": "where logs go: a file, or - for stderr",
    "QTG_LOG_LEVEL": "least level that is logged: debug, info, warning, error",
}

_SWITCH = {"1": True, "true": True, "yes": True, "on": True}
_SWITCH |= {"0": False, "false": False, "no": False, "off": False}


def variable(path: str) -> str:
    """The environment variable of a setting.

    >>> variable("background.regime")
    'QTG_BACKGROUND__REGIME'
    """
    return PREFIX + path.replace(".", SEPARATOR).upper()


def apply_environment(settings: dict[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """Put the values of all `QTG_` variables into `settings`; gives path -> variable.

    Raises
    ------
    SettingError    a variable names no setting
    """
    used: dict[str, str] = {}
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in NOT_SETTINGS:
            continue
        path = name[len(PREFIX) :].lower().replace(SEPARATOR, ".")
        try:
            apply_change(settings, path, _parsed(environ[name], _current(settings, path)))
        except SettingError as error:
            known = [variable(each) for each in leaf_paths(settings)]
            text = error.text
            if text.startswith("no such setting"):
                text = f"no such setting; {did_you_mean(name, known)}"
            raise SettingError("", text, source=name) from None
        used[path] = name
    return used


def blame(error: SettingError, used: Mapping[str, str]) -> SettingError:
    """The same problem, told about the variable that caused it, if one did."""
    for path, name in used.items():
        if error.path == path:
            return SettingError("", error.text, source=name)
        if error.path.startswith(f"{path}."):
            return SettingError(error.path[len(path) + 1 :], error.text, source=name)
    return error


def _current(settings: Any, path: str) -> Any:
    for part in path.split("."):
        try:
            settings = settings[int(part) if part.isdecimal() else part]
        except (KeyError, IndexError, TypeError):
            return None
    return settings


def _parsed(text: str, current: Any) -> Any:
    """A variable's text as a value, guided by the value that it takes the place of."""
    if isinstance(current, str):
        return text
    if isinstance(current, bool):
        return _SWITCH.get(text.lower(), text)
    try:
        document = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return document["value"] if document.keys() == {"value"} else text
