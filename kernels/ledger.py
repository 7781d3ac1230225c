"""Money and shares. Everything is int64 and conserved to the unit.

A live buy order of an agent reserves cash at its worst price and the worst fee, a live sell order
reserves shares; what fills when can therefore never make cash negative, nor shares but those of
an agent that has located them to borrow (docs/adr/0010). The pool (agent 0) is exempt: it has no
portfolio, only accounting. An agent's row in the ledger is environment * agents + agent.
"""

from typing import NamedTuple

import numpy as np

from qtg.schemas import Account, ExecType

from ._jit import kernel

MILLION = 1_000_000


class LedgerTerms(NamedTuple):
    """What holds for the whole run."""

    symbols: int
    agents: int
    maker_ppm: int  # fee in millionths of the notional; negative is a rebate
    taker_ppm: int
    shorts: int = 0  # 1 if some agents may sell what they do not have
    exposures: int = 0  # 1 if the ledger keeps `Exposures`
    pool_ppm: int = 0  # what a market lends, in millionths of the shares that nobody holds long
    max_short: int = 0  # the most that an agent may be short in a symbol


@kernel
def fee(notional, ppm):
    """Fee on a fill, rounded down to a unit of 1e-4."""
    return (notional // MILLION) * ppm + (notional % MILLION) * ppm // MILLION


@kernel
def worst_unit_cost(price, terms):
    """Cash that buying one share at `price` can need at most, fees included."""
    ppm = max(terms.maker_ppm, terms.taker_ppm, 0)
    return price + (price // MILLION) * ppm + ((price % MILLION) * ppm + MILLION - 1) // MILLION


@kernel
def share_of(total, part, whole):
    """floor(total * part / whole) without overflow, for 0 <= part <= whole <= 2**48."""
    quotient, remainder = total // whole, total % whole
    if whole < 1 << 31:
        return quotient * part + remainder * part // whole
    # remainder * part would overflow: multiply and divide bit by bit.
    result, left = np.int64(0), np.int64(0)
    for bit in range(48, -1, -1):
        left = 2 * left + (remainder if (part >> bit) & 1 else 0)
        result = 2 * result + left // whole
        left %= whole
    return quotient * part + result


@kernel
def located(positions, row, symbol):
    """Shares that an account would be short if all its live sells filled."""
    return max(positions.reserved[row, symbol] - positions.qty[row, symbol], 0)


@kernel
def _count_short(ledger, m, row, symbol, sign):
    """Add an account (`sign` 1) to what its market lends, or take it out (-1)."""
    ledger.holdings.located[m] += sign * located(ledger.positions, row, symbol)
    ledger.holdings.short[m] += sign * max(-ledger.positions.qty[row, symbol], 0)


@kernel
def _move_shares(ledger, terms, m, row, qty, reserved):
    """Add to the shares that an account has, and to those that it has set aside."""
    positions, symbol = ledger.positions, m % terms.symbols
    counted = terms.shorts != 0 and ledger.accounts.may_short[row] != 0
    if counted:
        _count_short(ledger, m, row, symbol, -1)
    positions.qty[row, symbol] += qty
    positions.reserved[row, symbol] += reserved
    if counted:
        _count_short(ledger, m, row, symbol, 1)


@kernel
def _ask_for(ledger, terms, m, row, unit_cost, qty):
    """Set cash aside for `qty` more shares, or free it for a negative `qty`."""
    ledger.accounts.reserved[row] += unit_cost * qty
    ledger.holdings.open_buys[m] += qty
    if terms.exposures != 0:
        ledger.exposures.open_buys[row, m % terms.symbols] += qty


@kernel
def release(ledger, terms, m, agent, side, price, qty):
    """Free what an order of `qty` at `price` had reserved (ledger modified in place)."""
    if agent == Account.POOL:
        return
    row = (m // terms.symbols) * terms.agents + agent
    if side > 0:
        _ask_for(ledger, terms, m, row, worst_unit_cost(price, terms), -qty)
    else:
        _move_shares(ledger, terms, m, row, 0, -qty)


@kernel
def reserve(ledger, terms, m, agent, side, price, qty):
    """Set aside what an order can need; the caller has checked that it is there."""
    row = (m // terms.symbols) * terms.agents + agent
    if side > 0:
        _ask_for(ledger, terms, m, row, worst_unit_cost(price, terms), qty)
    else:
        _move_shares(ledger, terms, m, row, 0, qty)


@kernel
def _pay_fee(ledger, terms, m, agent, charged):
    if charged == 0:
        return
    first = (m // terms.symbols) * terms.agents
    accounts = ledger.accounts
    accounts.cash[first + agent] -= charged
    accounts.fees[first + agent] += charged
    accounts.cash[first + Account.HOUSE] += charged


@kernel
def _cover(ledger, row, symbol, price, qty):
    """Book the part of a purchase that covers a short: what it brought in less what it cost."""
    positions, recalled = ledger.positions, ledger.exposures.recalled
    recalled[row, symbol] = max(recalled[row, symbol] - qty, 0)
    proceeds = share_of(-positions.cost[row, symbol], qty, -positions.qty[row, symbol])
    positions.cost[row, symbol] += proceeds
    positions.realized[row, symbol] += proceeds - price * qty


@kernel
def _buy(ledger, terms, m, agent, price, qty):
    """Shares in, cash out."""
    row, symbol = (m // terms.symbols) * terms.agents + agent, m % terms.symbols
    positions, notional = ledger.positions, price * qty
    ledger.accounts.cash[row] -= notional
    if agent == Account.POOL:
        ledger.holdings.pool_bought[m] += qty
        ledger.holdings.pool_paid[m] += notional
    else:
        covered = min(qty, max(-positions.qty[row, symbol], 0))
        if covered > 0:
            _cover(ledger, row, symbol, price, covered)
        positions.cost[row, symbol] += price * (qty - covered)
        ledger.holdings.held[m] += qty
    _move_shares(ledger, terms, m, row, qty, 0)


@kernel
def _sell(ledger, terms, m, agent, price, qty):
    """Shares out at their average cost, cash in; the cost of a short is less what it brings in."""
    row, symbol = (m // terms.symbols) * terms.agents + agent, m % terms.symbols
    positions, notional = ledger.positions, price * qty
    ledger.accounts.cash[row] += notional
    if agent == Account.POOL:
        ledger.holdings.pool_sold[m] += qty
        ledger.holdings.pool_received[m] += notional
    else:
        owned = min(qty, max(positions.qty[row, symbol], 0))
        if owned > 0:
            cost = share_of(positions.cost[row, symbol], owned, positions.qty[row, symbol])
            positions.cost[row, symbol] -= cost
            positions.realized[row, symbol] += price * owned - cost
        positions.cost[row, symbol] -= price * (qty - owned)
        ledger.holdings.held[m] -= qty
    _move_shares(ledger, terms, m, row, -qty, 0)


@kernel
def _settle_trade(events, k, ledger, terms):
    m, qty, price = np.int64(events.market[k]), events.qty[k], events.price[k]
    taker, maker = np.int64(events.agent[k]), np.int64(events.contra_agent[k])
    if events.side[k] > 0:
        buyer, seller, limit = taker, maker, events.limit_price[k]
    else:
        buyer, seller, limit = maker, taker, price
    release(ledger, terms, m, buyer, 1, limit, qty)
    release(ledger, terms, m, seller, -1, price, qty)
    _sell(ledger, terms, m, seller, price, qty)
    _buy(ledger, terms, m, buyer, price, qty)
    if terms.taker_ppm != 0 or terms.maker_ppm != 0:
        _pay_fee(ledger, terms, m, taker, fee(price * qty, terms.taker_ppm))
        _pay_fee(ledger, terms, m, maker, fee(price * qty, terms.maker_ppm))


@kernel
def _remember_order(events, k, ledger, terms):
    """Note the agent's latest accepted order on each side, so that its strategy can amend it."""
    m = np.int64(events.market[k])
    row, symbol = (m // terms.symbols) * terms.agents + events.agent[k], m % terms.symbols
    if events.side[k] > 0:
        ledger.positions.bid_id[row, symbol] = events.order_id[k]
    else:
        ledger.positions.ask_id[row, symbol] = events.order_id[k]


@kernel
def settle(events, lo, hi, ledger, terms):
    """Book the events lo .. hi-1 of the venue into the ledger (modified in place)."""
    for k in range(lo, hi):
        exec_type = events.exec_type[k]
        if exec_type == ExecType.TRADE:
            _settle_trade(events, k, ledger, terms)
        elif events.agent[k] != Account.POOL:
            if exec_type == ExecType.NEW:
                _remember_order(events, k, ledger, terms)
            else:
                m, agent = np.int64(events.market[k]), np.int64(events.agent[k])
                release(ledger, terms, m, agent, events.side[k], events.price[k], events.qty[k])
