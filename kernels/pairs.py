"""Pairs traders: two symbols that move together, traded against each other when they part.

The spread of the first over the second, hedged by least squares, and its z-score come from the
board (Vidyamurthy, 2004, Pairs Trading; Gatev, Goetzmann, Rouwenhorst, 2006).
"""

from typing import NamedTuple

import numpy as np

from qtg.schemas import Stream

from ._jit import kernel
from .desk import aim, lots
from .technical import bollinger_reversion
from .turns import has_turn

ROUNDING = 1e-6  # [shares]


class Spreads(NamedTuple):
    """Regressions of pairs, float64 (window, environment * pairs + pair); NaN until they start."""

    zscore: np.ndarray
    ratio: np.ndarray  # shares of the second symbol that hedge one of the first


@kernel
def leg_sizes(stance, size, ratio, spare_first, spare_second):
    """Shares of each leg, both 0 or more: as much as can be sold of the leg that is sold.

    `spare_*` are the shares that may be sold of each symbol. A ratio of 1.5 may come as
    1.4999999999999558, so that whole lots are taken of a little more.
    """
    first, second = size, size * ratio
    if stance < 0 and first > spare_first:
        first, second = spare_first, spare_first * ratio
    if stance > 0 and second > spare_second:
        first, second = spare_second / ratio, spare_second
    return max(first, 0.0) + ROUNDING, max(second, 0.0) + ROUNDING


@kernel
def _aim_legs(rows, desk, pairs, i, stance, ratio, positions, row, sight, first_market, tick):
    """Aim both legs at once; at flat if a spread cannot be held, as it has less than a lot of a
    leg, or no ratio above 0."""
    a, b = pairs.first[i], pairs.second[i]
    spare_a = np.float64(desk.base[i, a] - rows.floor[i])
    spare_b = np.float64(desk.base[i, b] - rows.floor[i])
    first, second = leg_sizes(stance, rows.size[i], ratio, spare_a, spare_b)
    view = sight.market
    ma, mb = first_market + a, first_market + b
    if not (ratio > 0.0 and first >= view.lot_size[ma] and second >= view.lot_size[mb]):
        stance, first, second = 0, 0.0, 0.0
    desk.stance[i, a], desk.stance[i, b] = stance, -stance
    want_a = desk.base[i, a] + stance * lots(first, view.lot_size[ma])
    want_b = desk.base[i, b] - stance * lots(second, view.lot_size[mb])
    aim(rows, desk, i, a, want_a, positions.qty[row, a], sight.volume[ma], tick)
    aim(rows, desk, i, b, want_b, positions.qty[row, b], sight.volume[mb], tick)


@kernel
def trade_pairs(rows, desk, pairs, n_pairs, spreads, sight, ledger, terms, moment):
    """Every trader whose turn it is looks at its pair.

    Parameters
    ----------
    rows : TraderRows, desk : Desk    modified in place
    pairs : PairRows
    n_pairs : int                     pairs of the population
    spreads : Spreads
    sight : Sight
    ledger, terms : read only
    moment : Moment
    """
    for i in range(rows.agent.shape[0]):
        env, agent = rows.env[i], rows.agent[i]
        if not has_turn(rows, i, agent, moment, Stream.SMART):
            continue
        at = env * n_pairs + pairs.pair[i]
        z, ratio = spreads.zscore[pairs.reading[i], at], spreads.ratio[pairs.reading[i], at]
        had = np.int64(desk.stance[i, pairs.first[i]])
        stance = bollinger_reversion(z, pairs.enter[i], pairs.leave[i], had)
        if stance == had:
            continue
        row = env * terms.agents + agent
        market, tick = env * terms.symbols, moment.tick[env]
        _aim_legs(rows, desk, pairs, i, stance, ratio, ledger.positions, row, sight, market, tick)
