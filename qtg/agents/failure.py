"""What is told of a strategy that fails, and what is kept of one that was benched."""

from __future__ import annotations

import inspect
import traceback
from pathlib import Path
from typing import Any, NamedTuple

_LONGEST = 300


class Benched(NamedTuple):
    """A population whose strategy failed and that does nothing for the rest of the run."""

    kind: str
    env: int  # id of the environment
    agents: int
    tick: int
    reason: str


def told(error: BaseException, home: str = "") -> str:
    """An exception of somebody else's code on one line, with the line of `home` that led to it.

    >>> told(ValueError("two\\nlines"))
    'ValueError: two lines'
    """
    text = " ".join(str(error).split())
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST - 3]}..."
    name = type(error).__name__
    return f"{name}: {text}{_line(error, home)}" if text else f"{name}{_line(error, home)}"


def home_of(code: Any) -> str:
    """The file that a function or class is written in; empty if there is none."""
    try:
        return inspect.getsourcefile(code) or ""
    except TypeError:
        return ""


def _line(error: BaseException, home: str) -> str:
    frames = traceback.extract_tb(error.__traceback__) if home else []
    lines = [frame.lineno for frame in frames if frame.filename == home]
    return f" ({Path(home).name}, line {lines[-1]})" if lines else ""
