"""Who was the aggressor of a trade."""

import numpy as np

from qtg.schemas import I8, I64

from .quotes import QuoteTape
from .tape import Tape


def tick_rule(price: I64) -> I8:
    """+1 where the last change of price was up, -1 where it was down; the trades before the first
    change get its sign.

    Source
    ------
    Lee and Ready (1991), Inferring trade direction from intraday data, Journal of Finance 46(2)
    """
    change = np.sign(np.diff(price, prepend=price[:1]))
    last = np.where(change != 0, np.arange(len(price)), 0)
    np.maximum.accumulate(last, out=last)
    moved = np.flatnonzero(change)
    first = change[moved[0]] if len(moved) else 1
    signs: I8 = np.where(last > 0, change[last], first).astype(np.int8)
    return signs


def signs_of(tape: Tape, quotes: QuoteTape | None = None) -> I8:
    """The sides as the tape has them; else by the quotes, if there are any: above the middle of
    the spread a buyer, below it a seller; and by the tick rule at the middle or without quotes
    (Lee and Ready, 1991, without their delay of 5 seconds)."""
    guessed = tick_rule(tape.price)
    if quotes is not None and len(quotes.time):
        row = np.searchsorted(quotes.time, tape.time, side="left") - 1
        known = row >= 0
        middle = quotes.bid[row] + quotes.ask[row]
        away = np.where(known, np.sign(2 * tape.price - middle), 0)
        guessed = np.where(away != 0, away, guessed).astype(np.int8)
    signs: I8 = np.where(tape.side != 0, tape.side, guessed).astype(np.int8)
    return signs
