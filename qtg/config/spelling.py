"""Suggestions for misspelt names."""

from collections.abc import Iterable
from difflib import get_close_matches

MANY = 14


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to `name`, or None when nothing is close.

    >>> nearest("Bckground", ["background", "storage"])
    'background'
    """
    by_key = {_key(each): each for each in known}
    close = get_close_matches(_key(name), by_key, n=1, cutoff=0.6)
    return by_key[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """What to offer somebody who wrote `name`: the nearest known name, else all of them.

    >>> did_you_mean("crysis", ["calm", "crisis"])
    "did you mean 'crisis'?"
    >>> did_you_mean("hot", ["calm", "crisis"])
    'use one of: calm, crisis'
    """
    names = list(known)
    close = nearest(name, names)
    if close is not None:
        return f"did you mean {close!r}?"
    if not names:
        return "there is none to choose from"
    shown = ", ".join(names[:MANY])
    return f"use one of: {shown}{', ...' if len(names) > MANY else ''}"


def _key(name: str) -> str:
    return name.lower().replace("-", "_").replace(" ", "_")
