"""A user's own Python file with strategies."""

import importlib.util
import sys
from pathlib import Path

from .agents.failure import told
from .agents.registry import kinds, registering
from .errors import ConfigError, QtgError, StrategyError


def load_strategies(path: str | Path) -> None:
    """Run a Python file, so that the strategies it registers can be named in a config.

    Raises
    ------
    ConfigError      there is no such file, or it registers nothing
    StrategyError    the file fails
    """
    path = Path(path)
    name = f"qtg_user_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise ConfigError(f"no Python file at {path}; give the path of a .py file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    before = kinds()
    try:
        with registering(str(path)):
            spec.loader.exec_module(module)
    except QtgError:
        del sys.modules[name]
        raise
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise StrategyError(
            f"{path} cannot be loaded: {told(error, str(path.resolve()))}"
        ) from error
    if all(before.get(name) is kind for name, kind in kinds().items()):
        raise ConfigError(
            f"{path} registers no strategy; put @qtg.strategy('name') above a function or a class"
        )
