"""What learners' actions mean in shares and prices, in an environment and in a run alike."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from qtg.schemas import F64, I64, ExecInst, MsgType, Orders, TimeInForce


def traded(codes: np.ndarray, size: int) -> I64:
    """Shares to trade by market orders, signed: hold, buy or sell `size`."""
    shares: I64 = np.array([0, size, -size])[codes]
    return shares


def invested(codes: np.ndarray, size: int) -> I64:
    """Shares to trade by market orders, signed: buy `size`, hold, or sell."""
    shares: I64 = np.array([size, 0, -size])[codes]
    return shares


def towards(shares: np.ndarray, held: F64, most: int, lot: I64) -> I64:
    """Shares to trade until `shares`, in -1 .. 1, of the largest position `most` are held.

    Parameters
    ----------
    shares : float (n, symbols)
    held : float64 (n, symbols)
    most : int
    lot : int64 (symbols,)    positions are whole lots
    """
    lots = np.rint(shares.astype(np.float64) * most / lot).astype(np.int64)
    wanted: I64 = lots * lot - held.astype(np.int64)
    return wanted


class QuoteTerms(NamedTuple):
    """What a market maker's actions are measured by."""

    widest: int  # largest distance from the mid [ticks]
    size: int  # largest quantity of a quote [shares]
    most: int  # largest inventory either way [shares]
    tick: int  # [1e-4]
    lot: int  # [shares]


class Quotes(NamedTuple):
    """One side's quotes."""

    side: int  # buy 1, sell -1
    row: I64  # (k,): whose
    price: I64  # (k,) [1e-4]
    qty: I64  # (k,) [shares]

    def write(self, orders: Orders) -> None:
        """Fill in rows of orders: post-only, good until cancelled."""
        orders.side[:], orders.price[:], orders.qty[:] = self.side, self.price, self.qty
        orders.tif[:], orders.exec_inst[:] = TimeInForce.GTC, ExecInst.POST_ONLY


def quotes(actions: np.ndarray, mid: F64, held: F64, terms: QuoteTerms) -> tuple[Quotes, Quotes]:
    """The bids and the asks that a market maker wants, in that order.

    Parameters
    ----------
    actions : float (n, 4)    in -1 .. 1: distances of bid and ask from the mid, then sizes
    mid : float64 (n,)        [1e-4]
    held : float64 (n,)       inventory [shares]
    """
    share = (np.asarray(actions, np.float64) + 1.0) / 2.0
    bids = _side(1, share[:, 0], share[:, 2], mid, held, terms)
    return bids, _side(-1, share[:, 1], share[:, 3], mid, held, terms)


def _side(side: int, distance: F64, part: F64, mid: F64, held: F64, terms: QuoteTerms) -> Quotes:
    ticks = mid / terms.tick - side * distance * terms.widest
    price = (np.floor(ticks) if side > 0 else np.ceil(ticks)) * terms.tick
    qty = np.floor(part * terms.size / terms.lot) * terms.lot
    row = np.flatnonzero((qty > 0) & (price > 0) & (side * held + qty <= terms.most))
    return Quotes(side, row, price[row].astype(np.int64), qty[row].astype(np.int64))


def cancel(orders: Orders, order_id: I64) -> None:
    """Fill in rows of orders that withdraw others."""
    orders.msg_type[:], orders.order_id[:] = MsgType.CANCEL, order_id
