"""Settings that are a TOML file, some of which come with qtg."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from qtg.errors import ConfigError

from .base import Model
from .changes import apply_change, plain
from .problem import SettingError
from .shelf import SUFFIX, Shelf
from .toml import read_toml, write_toml

Changes = Mapping[str, Any]


class Document(Model):
    """Settings to be read, changed by dotted path, and written."""

    SHELF: ClassVar[Shelf]  # what comes with qtg

    @classmethod
    def load(cls, source: str | Path, changes: Changes | None = None, /, **fields: Any) -> Self:
        """One that comes with qtg, by name, or a TOML file, with changes as in `with_`.

        Raises
        ------
        ConfigError    no such name, file or setting, or a value that does not fit
        """
        config = cls._named(source)
        return config.with_(changes, **fields) if changes or fields else config

    @classmethod
    def from_toml(cls, source: str | Path) -> Self:
        """Read a TOML file, or TOML text (told from a path by a line break or equals sign).

        Raises
        ------
        ConfigError    the file cannot be read, is not TOML, or holds a setting that does not fit
        """
        settings, name = read_toml(source)
        try:
            return cls(**settings)
        except SettingError as error:
            raise SettingError(error.path, error.text, source=name) from None

    def with_(self, changes: Changes | None = None, /, **fields: Any) -> Self:
        """A copy with values changed by dotted path, checked as a whole."""
        settings = plain(self)
        for path, value in {**(changes or {}), **fields}.items():
            apply_change(settings, path, value)
        return type(self)(**settings)

    def to_toml(self) -> str:
        """All settings as TOML; `from_toml` gives them back."""
        return write_toml(plain(self))

    @classmethod
    def _named(cls, source: str | Path) -> Self:
        shelf = cls.SHELF
        if isinstance(source, str) and source in shelf.names():
            return cls.from_toml(shelf.text(source))
        path = Path(source)
        if path.suffix != SUFFIX and not path.exists():
            name = str(source)
            raise ConfigError(f"no {shelf.what} or file {name!r}; {shelf.hint(name)}")
        return cls.from_toml(path)
