"""What the extra `rl` installs."""

from importlib.util import find_spec

from ..errors import ConfigError

_PACKAGES = {
    "gymnasium": "gymnasium",
    "stable_baselines3": "stable-baselines3",
    "torch": "torch",
    "tensorboard": "tensorboard",
}


def need_rl(what: str, *modules: str) -> None:
    """Check that these packages are installed; all of them if none is named.

    Raises
    ------
    ConfigError    one is not; the message says what to install
    """
    missing = [_PACKAGES[name] for name in modules or _PACKAGES if not _is_there(name)]
    if missing:
        raise ConfigError(
            f"{what} needs {' and '.join(missing)}, not installed here: pip install 'qtg[rl]'"
        )


def _is_there(name: str) -> bool:
    return find_spec(name) is not None
