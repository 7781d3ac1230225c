"""A dealer's market without a book: a mid price that diffuses, and orders that reach his quotes.

Source: Avellaneda and Stoikov (2008), High-frequency trading in a limit order book, Quantitative
Finance 8(3), section 3; in the form with running and terminal penalties of inventory: Cartea,
Jaimungal and Penalva (2015), Algorithmic and High-Frequency Trading, section 10.2.
"""

from typing import NamedTuple

import numpy as np

from qtg.schemas import Stream

from ._jit import kernel
from .random import lane, normal_pair, philox, unit

ORDERS, MOVE = 0, 1  # draws of a step


class Dealers(NamedTuple):
    """One dealer and his market in each row."""

    seed: np.ndarray  # uint64 (row,)
    step: np.ndarray  # int64 (row,), steps made in this episode
    mid: np.ndarray  # float64 (row,), currency
    cash: np.ndarray  # float64 (row,), currency
    inventory: np.ndarray  # int64 (row,), units


class DealerTerms(NamedTuple):
    """The market of all dealers."""

    dt: float
    volatility: float  # sigma: of the mid, currency per square root of time
    rate: float  # A, or lambda: market orders a side per time
    decay: float  # k, or kappa: how fast fewer of them reach a deeper quote, 1/currency
    most: int  # inventory beyond which a side is not quoted
    binary: bool  # whether the mid moves up or down by a fixed step, or by a normal draw


@kernel
def chance_of_fill(terms, depth):
    """That a quote this far from the mid is hit in a step."""
    return min(terms.rate * terms.dt * np.exp(-terms.decay * depth), 1.0)


@kernel
def step_dealers(dealers, terms, depths):
    """One step of every row: quotes are hit or not, then the mid moves (dealers modified in place).

    Parameters
    ----------
    depths : float64 (row, 2)    how far bid and ask are from the mid [currency]
    """
    move = terms.volatility * np.sqrt(terms.dt)
    lane_word = lane(0, Stream.TEXTBOOK)
    for i in range(len(dealers.seed)):
        a, b, c, d = philox(0, dealers.step[i], ORDERS, lane_word, dealers.seed[i])
        held = dealers.inventory[i]
        if held < terms.most and unit(a, b) < chance_of_fill(terms, depths[i, 0]):
            dealers.inventory[i] += 1
            dealers.cash[i] -= dealers.mid[i] - depths[i, 0]
        if held > -terms.most and unit(c, d) < chance_of_fill(terms, depths[i, 1]):
            dealers.inventory[i] -= 1
            dealers.cash[i] += dealers.mid[i] + depths[i, 1]
        z, _ = normal_pair(dealers.seed[i], lane_word, 0, dealers.step[i], MOVE)
        if terms.binary:
            z = 1.0 if z >= 0.0 else -1.0
        dealers.mid[i] += move * z
        dealers.step[i] += 1
