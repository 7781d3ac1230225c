"""Policies for tests, exported once; without the extra `rl` there is nothing to test here."""

from importlib.util import find_spec
from typing import Any

import pytest

_NEEDED = ("torch", "stable_baselines3", "onnx", "onnxruntime")
collect_ignore_glob = [] if all(map(find_spec, _NEEDED)) else ["test_*.py"]


@pytest.fixture(scope="session")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Policies by environment, exported when they are first asked for."""
    from .policies import Policies

    return Policies(tmp_path_factory.mktemp("models"))
