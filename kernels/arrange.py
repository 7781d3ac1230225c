"""Order rows get their ids, and are grouped by market before matching."""

import numpy as np

from qtg.schemas import MsgType, Stream

from ._jit import kernel
from .random import below, lane, philox


@kernel
def name_rows(orders, n, symbols, next_id, ids):
    """Give ids to the first `n` rows that are NEW and name a market that exists, in row order.

    Parameters
    ----------
    orders : Orders
    n : int                  rows to take
    symbols : int            markets per environment
    next_id : int64 (E,)     next order id per environment; modified in place
    ids : int64 (>= n,)      out: id of each such row, else 0
    """
    n_markets = next_id.shape[0] * symbols
    row = 0
    while row < n:
        market = orders.market[row]
        known = 0 <= market < n_markets
        env = market // symbols if known else 0
        order_id = next_id[env]
        while row < n and orders.market[row] == market:
            is_new = known and orders.msg_type[row] == MsgType.NEW
            ids[row] = order_id if is_new else 0
            order_id += is_new
            row += 1
        next_id[env] = order_id


@kernel
def group_rows(market, n, index, starts):
    """Group rows by market, stable; unknown markets come last.

    Parameters
    ----------
    market : int32 (>= n,)   market of each row
    n : int                  rows to take
    index : int64 (>= n,)    out: rows grouped by market
    starts : int64 (M + 2,)  out: where each market's rows start in `index`
    """
    last = starts.shape[0] - 2
    run = 0
    while run < n and market[run] == market[0]:
        run += 1
    starts[:] = 0
    if run > 0:
        starts[_group(market[0], last) + 1] = run
    for row in range(run, n):
        starts[_group(market[row], last) + 1] += 1
    for group in range(1, last + 2):
        starts[group] += starts[group - 1]
    _place(market, n, run, index, starts)
    for group in range(last + 1, 0, -1):
        starts[group] = starts[group - 1]
    starts[0] = 0


@kernel
def _group(market, last):
    """Group of a market, as an unsigned index."""
    return min(np.uint32(market), np.uint32(last))


@kernel
def _place(market, n, run, index, starts):
    """Write each group's rows from `starts[group]` on, moving it to the group's end; the first
    `run` rows are of one market."""
    last = starts.shape[0] - 2
    if run > 0:
        first = starts[_group(market[0], last)]
        for row in range(run):
            index[first + row] = row
        starts[_group(market[0], last)] = first + run
    for row in range(run, n):
        group = _group(market[row], last)
        index[np.uint64(starts[group])] = row
        starts[group] += 1


@kernel
def shuffle(index, starts, symbols, moment):
    """Put each market's rows into a seeded random order (Fisher and Yates; Durstenfeld, 1964).

    `moment` is Moment; `index` is modified in place. The order depends on the moment of the
    environment and the symbol alone.
    """
    for m in range(starts.shape[0] - 2):
        env = m // symbols
        seed, tick = moment.seed[env], moment.tick[env]
        lane_word = lane(moment.env[env], Stream.SHUFFLE)
        first = starts[m]
        i = starts[m + 1] - first - 1
        while i > 0:
            words = philox(m % symbols, tick, i, lane_word, seed)
            for word in words:
                if i > 0:
                    j = first + below(word, i + 1)
                    index[first + i], index[j] = index[j], index[first + i]
                    i -= 1
