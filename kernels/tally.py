"""What the checks of a run count: how often each invariant does not hold, and where first."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from ._jit import kernel


class Invariant(IntEnum):
    """What must hold after every tick; docs/INVARIANTS.md says each as a formula.

    A number never gets another meaning, and new ones are added at the end.
    """

    CASH_CONSERVED = 1
    SHARES_CONSERVED = 2
    CASH_NOT_NEGATIVE = 3
    SHARES_NOT_NEGATIVE = 4
    CASH_RESERVED = 5
    SHARES_RESERVED = 6
    OPEN_BUYS = 7
    HELD = 8
    SHORTS = 9
    LOCATED = 10
    BORROW_FEES = 11
    OPEN_QTY = 12
    NOT_CROSSED = 13
    FIFO = 14
    LINKS = 15
    LEVEL_QTY = 16
    BITMAP = 17
    BEST = 18
    LADDER_ORDERS = 19
    PLACES = 20
    PARKED = 21
    SLOTS = 22
    DIRECTORY = 23
    NOT_OVERDUE = 24
    IDS_UNIQUE = 25
    IDS_GIVEN = 26
    ARRIVAL_ORDER = 27
    FILLS = 28
    LIMITS_KEPT = 29
    NO_FILL_AFTER_END = 30
    EVENT_SEQUENCE = 31
    TRADE_IDS = 32


SIZE = max(Invariant) + 1


class Tally(NamedTuple):
    """One row per invariant."""

    found: np.ndarray  # int64 (invariant,): violations
    row: np.ndarray  # int64 (invariant,): environment, market, account or event of the first
    seen: np.ndarray  # int64 (invariant,): what the first one found
    expected: np.ndarray  # int64 (invariant,): what should have been there


@kernel
def note(tally, which, row, seen, expected):
    """Count a violation (`tally` modified in place)."""
    if tally.found[which] == 0:
        tally.row[which] = row
        tally.seen[which] = seen
        tally.expected[which] = expected
    tally.found[which] += 1


@kernel
def expect(tally, which, row, seen, expected):
    """Count a violation unless two numbers are equal."""
    if seen != expected:
        note(tally, which, row, seen, expected)
