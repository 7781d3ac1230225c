"""Configurations as TOML."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qtg.errors import ConfigError


def read_toml(source: str | Path) -> tuple[dict[str, Any], str]:
    """The tables of a TOML file or text, and a name for it in messages ('' for text).

    Text is told from a path by holding a line break or an equals sign.

    Raises
    ------
    ConfigError    the file cannot be read, or is not TOML
    """
    if isinstance(source, str) and _is_text(source):
        return _parse(source, ""), ""
    path = Path(source)
    return _parse(_read(path), str(path)), str(path)


def write_toml(settings: Mapping[str, Any]) -> str:
    """TOML text of plain tables; what is None is left out."""
    import tomli_w

    return tomli_w.dumps(_without_none(settings))


def _is_text(source: str) -> bool:
    return "\n" in source or not source.strip() or ("=" in source and not source.endswith(".toml"))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; check the path") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a folder; give the path of a .toml file") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text; TOML files must be") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read, {error.strerror}") from None


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name or 'the text'}: is not valid TOML: {error}") from None


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_none(each) for name, each in value.items() if each is not None}
    if isinstance(value, (list, tuple)):
        return [_without_none(each) for each in value]
    return value
