"""Between the venue's columns and the plain messages and event dicts of the tests."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from qtg.schemas import Events, Orders, columns

from .rules import Message


def as_columns(messages: Sequence[Message]) -> Orders:
    """Order columns of a list of messages."""
    table = np.array(messages, np.int64).reshape(-1, len(Message._fields)).T
    given = dict(zip(Message._fields, table))
    return Orders(*(given[column.name].astype(column.dtype) for column in columns(Orders)))


def as_table(events: Events) -> np.ndarray:
    """int64 (events, columns)."""
    return np.column_stack([column.astype(np.int64) for column in events])


def as_dicts(events: Events) -> list[dict[str, int]]:
    """One dict per event."""
    return [dict(zip(Events._fields, row)) for row in as_table(events).tolist()]


def send(venue: Any, *messages: Message, tick: int | None = None) -> list[dict[str, int]]:
    """Submit messages as one batch to anything with a `submit` of columns; its events."""
    return as_dicts(venue.submit(as_columns(messages), tick=tick))
