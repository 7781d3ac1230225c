"""Refused configurations leave nothing behind in a process that goes on."""

import gc

import qtg
from qtg.config.problem import SettingError


def refuse() -> None:
    """As a caller who keeps the error while it looks at it."""
    kept = None
    try:
        qtg.Config(ticks=10, smart=[{"kind": "noise_trader", "count": 1, "nonsense": 3}])
    except qtg.ConfigError as error:
        kept = error
    assert kept is not None


def test_refused_configurations_are_freed() -> None:
    refuse()
    gc.collect()
    before = sum(isinstance(each, SettingError) for each in gc.get_objects())
    for _ in range(10):
        refuse()
    gc.collect()
    assert sum(isinstance(each, SettingError) for each in gc.get_objects()) == before
