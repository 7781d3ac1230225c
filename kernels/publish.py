"""Events become what observers read: stored trades, the trace hash, counts."""

import numpy as np

from qtg.schemas import ExecType

from ._jit import kernel

# Odd 64-bit multipliers: the outputs of SplitMix64 (Steele, Lea, Flood, 2014) from state 0, made
# odd. Their sum over an event's columns is a universal hash of the row.
_ODD = tuple(
    np.uint64(word)
    for word in (
        0xE220A8397B1DCDAF,
        0x6E789E6AA1B965F5,
        0x06C45D188009454F,
        0xF88BB8A8724C81ED,
        0x1B39896A51A8749B,
        0x53CB9F0C747EA2EB,
        0x2C829ABE1F4532E1,
        0xC584133AC916AB3D,
        0x3EE5789041C98AC3,
        0xF3B8488C368CB0A7,
    )
)
_MIX = np.uint64(0xC2B2AE3D27D4EB4F)
_SHIFT = np.uint64(29)
_32 = np.uint64(32)


@kernel
def find_trades(events, lo, hi, out, out_volume):
    """Write the rows of the trades among events lo .. hi-1 to `out` (int64), which has room for
    one row more than there are events, and the quantity traded in each market to `out_volume`
    (int64); returns how many there are."""
    n = np.uint64(0)
    for k in range(lo, hi):
        out[n] = k
        n += np.uint64(events.exec_type[np.uint64(k)] == ExecType.TRADE)
    out_volume[:] = 0
    for k in out[: np.int64(n)]:
        out_volume[events.market[k]] += events.qty[k]
    return np.int64(n)


@kernel
def write_trades(events, trades, clock, symbols, out, at):
    """Copy the trades, event rows, into `out` from row `at` on.

    `clock` is (tick, time, last trade id). Returns the next free row.
    """
    tick, time, trade_id = clock
    for k in trades:
        trade_id += 1
        bought = events.side[k] > 0
        out.tick[at] = tick
        out.time[at] = time
        out.trade_id[at] = trade_id
        out.symbol[at] = events.market[k] % symbols
        out.side[at] = events.side[k]
        out.price[at] = events.price[k]
        out.qty[at] = events.qty[k]
        out.buyer_id[at] = events.agent[k] if bought else events.contra_agent[k]
        out.seller_id[at] = events.contra_agent[k] if bought else events.agent[k]
        out.buy_order_id[at] = events.order_id[k] if bought else events.contra_id[k]
        out.sell_order_id[at] = events.contra_id[k] if bought else events.order_id[k]
        at += 1
    return at


@kernel
def _mixed(word):
    word = (word ^ (word >> _SHIFT)) * _MIX
    return word ^ (word >> _32)


@kernel
def _word(events, k, number, tick, symbol):
    """One word from all columns of event `k`, the event's number and the tick."""
    j = np.uint64(k)
    codes = np.uint64(events.exec_type[j]) << np.uint64(48)
    codes |= np.uint64(events.reason[j]) << np.uint64(40)
    codes |= np.uint64(np.int64(events.side[j]) + 1) << np.uint64(36)
    codes |= symbol
    agents = np.uint64(np.int64(events.agent[j]) + 1) << _32
    agents |= np.uint64(np.int64(events.contra_agent[j]) + 1)
    word = np.uint64(events.order_id[j]) * _ODD[0] + np.uint64(events.contra_id[j]) * _ODD[1]
    word += np.uint64(events.price[j]) * _ODD[2] + np.uint64(events.limit_price[j]) * _ODD[3]
    word += np.uint64(events.qty[j]) * _ODD[4] + np.uint64(events.leaves[j]) * _ODD[5]
    word += agents * _ODD[6] + codes * _ODD[7]
    return word + np.uint64(number) * _ODD[8] + np.uint64(tick) * _ODD[9]


@kernel
def trace(events, lo, hi, moment, symbols, out_hash, out_count):
    """Fold the events lo .. hi-1 into each environment's trace hash (uint64, modified in place).

    Each event adds a mix of its columns and of its number in the environment, so the hash names
    one sequence of events whatever else ran beside it. Rows come grouped by market; `moment` is
    Moment.
    """
    first = lo
    while first < hi:
        market = np.int64(events.market[first])
        end = first + 1
        while end < hi and events.market[end] == market:
            end += 1
        known = 0 <= market < out_hash.shape[0] * symbols
        env = market // symbols if known else np.int64(0)
        symbol = np.uint64(market % symbols)
        number, tick = out_count[env] + 1 - first, moment.tick[env]
        folded = np.uint64(0)
        for k in range(first, end):
            folded += _mixed(_word(events, k, number + k, tick, symbol))
        out_hash[env] += folded
        out_count[env] += end - first
        first = end


@kernel
def write_order_events(events, terms, clock, symbols, out, at):
    """Copy a tick's events into `out` from row `at` on.

    `terms` are the TimeInForce and ExecInst of their messages, int8 (n,) each; `clock` is (tick,
    time, sequence).
    """
    time_in_force, exec_inst = terms
    tick, time, sequence = clock
    for k in range(len(time_in_force)):
        sequence += 1
        row = at + k
        out.tick[row] = tick
        out.time[row] = time
        out.sequence[row] = sequence
        out.symbol[row] = events.market[k] % symbols
        out.exec_type[row] = events.exec_type[k]
        out.reason[row] = events.reason[k]
        out.side[row] = events.side[k]
        out.agent[row] = events.agent[k]
        out.contra_agent[row] = events.contra_agent[k]
        out.order_id[row] = events.order_id[k]
        out.contra_id[row] = events.contra_id[k]
        out.price[row] = events.price[k]
        out.limit_price[row] = events.limit_price[k]
        out.qty[row] = events.qty[k]
        out.leaves[row] = events.leaves[k]
        out.time_in_force[row] = time_in_force[k]
        out.exec_inst[row] = exec_inst[k]
