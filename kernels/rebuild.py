"""The ledger again, from the trade table alone."""

from typing import NamedTuple

from qtg.schemas import I64, Account

from ._jit import kernel
from .average_cost import fill_position
from .ledger import fee


class ReplayedLedger(NamedTuple):
    """What trades are booked into: by agent up to `borrow_fees`, the rest by agent and symbol.

    The pool has no cost; its `realized` is what it received less what it paid.
    """

    cash: I64
    fees: I64
    borrow_fees: I64
    qty: I64
    cost: I64
    realized: I64


@kernel
def _fill(ledger, agent, symbol, change, price):
    ledger.cash[agent] -= change * price
    if agent == Account.POOL:
        ledger.qty[agent, symbol] += change
        ledger.realized[agent, symbol] -= change * price
        return
    qty, cost, realized = fill_position(
        ledger.qty[agent, symbol], ledger.cost[agent, symbol], change, price
    )
    ledger.qty[agent, symbol] = qty
    ledger.cost[agent, symbol] = cost
    ledger.realized[agent, symbol] += realized


@kernel
def _charge(ledger, agent, charged):
    ledger.cash[agent] -= charged
    ledger.fees[agent] += charged
    ledger.cash[Account.HOUSE] += charged


@kernel
def replay_trades(trades, after, until, terms, ledger):
    """Book the trades of the ticks after + 1 .. until.

    Parameters
    ----------
    trades : Trades               sorted by tick; agents and symbols are rows of the ledger
    after, until : int            ticks
    terms : LedgerTerms           for its fees
    ledger : ReplayedLedger       modified in place

    Returns
    -------
    int    how many were booked
    """
    booked = 0
    for k in range(trades.tick.shape[0]):
        if trades.tick[k] > until:
            break
        if trades.tick[k] <= after:
            continue
        buyer, seller, symbol = trades.buyer_id[k], trades.seller_id[k], trades.symbol[k]
        price, qty = trades.price[k], trades.qty[k]
        _fill(ledger, seller, symbol, -qty, price)
        _fill(ledger, buyer, symbol, qty, price)
        taker, maker = (buyer, seller) if trades.side[k] > 0 else (seller, buyer)
        _charge(ledger, taker, fee(price * qty, terms.taker_ppm))
        _charge(ledger, maker, fee(price * qty, terms.maker_ppm))
        booked += 1
    return booked
