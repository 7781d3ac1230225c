"""The configurations that come with qtg."""

from .shelf import Shelf

PRESETS = Shelf("presets", "preset")


def preset_names() -> tuple[str, ...]:
    """The names that `Config.preset` takes.

    >>> preset_names()
    ('demo', 'quick_test', 'real_stocks', 'standard', 'stress', 'training')
    """
    return PRESETS.names()
