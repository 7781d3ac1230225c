"""What a position has cost: the weighted average of its fills, exact to the unit."""

from ._jit import kernel
from .ledger import share_of


@kernel
def fill_position(qty, cost, change, price):
    """A position after a fill, and the profit that the fill realized.

    A fill against the position closes it first: those shares leave at their share of the cost, or
    of the proceeds if they were sold short, rounded down; the rest stays. What is left of the fill
    opens the other side.

    Parameters
    ----------
    qty : int64      shares held; negative for a short position
    cost : int64     what they have cost; for a short position, its proceeds, negative [1e-4]
    change : int64   shares that come (positive) or go (negative), not 0
    price : int64    of the fill [1e-4]

    Returns
    -------
    (int64, int64, int64)    qty, cost, realized profit
    """
    opens = qty == 0 or (qty > 0) == (change > 0)
    closed = 0 if opens else min(abs(change), abs(qty))
    way = 1 if change > 0 else -1
    released = -way * share_of(-way * cost, closed, abs(qty)) if closed > 0 else 0
    opened = change - way * closed
    return qty + change, cost - released + opened * price, -way * closed * price - released
