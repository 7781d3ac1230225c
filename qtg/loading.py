"""A user's own Python file with strategies."""

import importlib.util
from pathlib import Path

from .errors import ConfigError, QtgError, StrategyError


def load_strategies(path: str | Path) -> None:
    """Run a Python file, so that the strategies it registers can be named in a config.

    Raises
    ------
    ConfigError      there is no such file
    StrategyError    the file fails
    """
    path = Path(path)
    spec = importlib.util.spec_from_file_location(f"qtg_user_{path.stem}", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise ConfigError(f"no Python file at {path}; give the path of a .py file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except QtgError:
        raise
    except Exception as error:
        raise StrategyError(f"{path} cannot be loaded: {type(error).__name__}: {error}") from error
