"""Packages that only an extra installs."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from qtg.errors import ConfigError

_PACKAGES = {"hdrh": "hdrhistogram", "prometheus_client": "prometheus-client"}


def need(what: str, *modules: str) -> None:
    """Check that the packages behind `what` are installed.

    Raises
    ------
    ConfigError    one is not; the message says what to install
    """
    missing = [_PACKAGES.get(name, name) for name in modules if not _is_there(name)]
    if missing:
        raise ConfigError(
            f"{what} needs {' and '.join(missing)}, which {_are(missing)} not installed: "
            "pip install 'qtg[monitor]'"
        )


def load(what: str, module: str) -> Any:
    """A module of such a package."""
    need(what, module.partition(".")[0])
    return import_module(module)


def _is_there(name: str) -> bool:
    return find_spec(name) is not None


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"
