"""The configurations that come with qtg, as TOML files in `qtg.data`."""

from importlib.resources import files
from typing import TYPE_CHECKING

from qtg.errors import ConfigError

from .spelling import did_you_mean

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_SUFFIX = ".toml"


def preset_names() -> tuple[str, ...]:
    """The names that `Config.preset` takes.

    >>> preset_names()
    ('demo', 'quick_test', 'real_stocks', 'standard', 'stress', 'training')
    """
    names = (entry.name for entry in _folder().iterdir())
    return tuple(sorted(name[: -len(_SUFFIX)] for name in names if name.endswith(_SUFFIX)))


def preset_text(name: str) -> str:
    """The TOML text of a preset.

    Raises
    ------
    ConfigError    there is no preset of this name
    """
    known = preset_names()
    if name not in known:
        raise ConfigError(f"no preset {name!r}; {did_you_mean(str(name), known)}")
    return (_folder() / f"{name}{_SUFFIX}").read_text(encoding="utf-8")


def _folder() -> "Traversable":
    return files("qtg.data") / "presets"
