"""Order rows are grouped by market before matching, and given their ids."""

import numpy as np

from qtg.schemas import MsgType, Stream

from ._jit import kernel
from .random import below, lane, philox


@kernel
def arrange(orders, n, symbols, next_id, ids, index, starts):
    """Give ids to NEW rows and group rows by market, stable; unknown markets come last.

    Parameters
    ----------
    orders : Orders
    n : int                  rows to take
    symbols : int            markets per environment
    next_id : int64 (E,)     next order id per environment; modified in place
    ids : int64 (>= n,)      out: id of each NEW row, else 0
    index : int64 (>= n,)    out: rows grouped by market
    starts : int64 (M + 2,)  out: where each market's rows start in `index`
    """
    n_markets = starts.shape[0] - 2
    starts[:] = 0
    _count_and_name(orders, n, symbols, next_id, ids, starts)
    for group in range(1, n_markets + 2):
        starts[group] += starts[group - 1]
    _place(orders, n, index, starts)
    for group in range(n_markets + 1, 0, -1):
        starts[group] = starts[group - 1]
    starts[0] = 0


@kernel
def _group(market, n_markets):
    return np.int64(market) if 0 <= market < n_markets else np.int64(n_markets)


@kernel
def _count_and_name(orders, n, symbols, next_id, ids, starts):
    """Count the rows of each group into `starts[group + 1]` and give ids."""
    n_markets = starts.shape[0] - 2
    row = 0
    while row < n:
        market = orders.market[row]
        group = _group(market, n_markets)
        env = group // symbols if group < n_markets else np.int64(0)
        first, order_id = row, next_id[env]
        while row < n and orders.market[row] == market:
            is_new = orders.msg_type[row] == MsgType.NEW and group < n_markets
            ids[row] = order_id if is_new else 0
            order_id += is_new
            row += 1
        next_id[env] = order_id
        starts[group + 1] += row - first


@kernel
def _place(orders, n, index, starts):
    """Write the rows of each group from `starts[group]` on, moving it to the group's end."""
    n_markets = starts.shape[0] - 2
    row = 0
    while row < n:
        market = orders.market[row]
        group = _group(market, n_markets)
        at = starts[group]
        while row < n and orders.market[row] == market:
            index[at] = row
            at += 1
            row += 1
        starts[group] = at


@kernel
def shuffle(index, starts, seed, envs, symbols, tick):
    """Put each market's rows into a seeded random order (Fisher and Yates; Durstenfeld, 1964).

    `seed` is the run's 64-bit seed, `envs` the id of each environment; `index` is modified in
    place. The order depends on (seed, environment id, symbol, tick) alone.
    """
    for m in range(starts.shape[0] - 2):
        lane_word = lane(envs[m // symbols], Stream.SHUFFLE)
        first = starts[m]
        i = starts[m + 1] - first - 1
        while i > 0:
            words = philox(m % symbols, tick, i, lane_word, seed)
            for word in words:
                if i > 0:
                    j = first + below(word, i + 1)
                    index[first + i], index[j] = index[j], index[first + i]
                    i -= 1
