"""Learners that work parent orders: what their actions send, and what a step came to."""

from typing import NamedTuple

import numpy as np

from qtg.schemas import PRICE_SCALE

from ._jit import kernel
from .outbox import put_cancel, put_limit, put_market

TAKE, QUOTE, WAIT = 0, 1, 2  # actions


class Parent(NamedTuple):
    """A parent order, and where a scene has what is read and written here."""

    qty: int  # shares to trade
    size: int  # shares of a child order
    side: int
    leftover: float  # cost of a share that remains [currency]
    touch: int  # columns: best price of the own side
    mid: int
    held: int
    cash: int
    left: int
    remaining: int
    arrival: int


class Worked(NamedTuple):
    """What is remembered of each row, float64 (row,) each."""

    first: np.ndarray  # shares held at the start
    filled: np.ndarray  # shares traded until the last step
    cash: np.ndarray  # cash then [currency]


@kernel
def _remaining(scene, row, parent, worked):
    """Shares that are still to be traded."""
    return parent.qty - parent.side * (scene[row, parent.held] - worked.first[row])


@kernel
def work(actions, scene, parent, worked, seated, live, out):
    """Write what learners send: a cancel of what rests, then a market or a limit order.

    Parameters
    ----------
    actions : int64 (row,)
    scene : float64 (row, column)
    parent, worked, seated : Parent, Worked, Seated
    live : int64 (account, symbol)    ids of the latest live orders of the parent's side
    out : Outbox                      has room for two orders a row
    """
    for row in range(len(actions)):
        if actions[row] == WAIT:
            continue
        market, agent, resting = seated.market[row], seated.agent[row], live[seated.account[row], 0]
        if resting != 0:
            put_cancel(out, market, agent, seated.latency, resting)
        qty = np.int64(min(_remaining(scene, row, parent, worked), np.float64(parent.size)))
        price = np.int64(np.rint(scene[row, parent.touch] * PRICE_SCALE))
        if qty <= 0:
            continue
        if actions[row] == TAKE:
            put_market(out, market, agent, seated.latency, parent.side, qty)
        elif price > 0:
            put_limit(out, market, agent, seated.latency, parent.side, price, qty, 0)


@kernel
def judge(scene, parent, worked, out_reward, out_over):
    """What the step is worth (float64 (row,)) and which parent orders are filled (bool (row,)); the
    scenes' share that remains, and what is remembered, are brought up to date."""
    for row in range(scene.shape[0]):
        remaining = _remaining(scene, row, parent, worked)
        filled, cash = parent.qty - remaining, scene[row, parent.cash]
        traded, paid = filled - worked.filled[row], worked.cash[row] - cash
        gain = traded * parent.side * scene[row, parent.arrival] - paid
        worked.filled[row], worked.cash[row] = filled, cash
        late = scene[row, parent.left] <= 0.0
        cost = max(remaining, 0.0) * parent.leftover if late else 0.0
        scene[row, parent.remaining] = remaining / parent.qty
        out_reward[row] = (gain - cost) / parent.qty
        out_over[row] = remaining <= 0.0
