"""Factor long-short traders: long of the symbols with the best scores, short of the worst.

A score is the weighted sum of factors, each made a z-score over the symbols (Asness, Moskowitz,
Pedersen, 2013, Value and Momentum Everywhere).
"""

import numpy as np

from qtg.schemas import Stream

from ._jit import kernel
from .desk import take_stance
from .turns import has_turn


@kernel
def add_scores(factor, weight, scores):
    """Add `weight` times the z-scores of a factor (scores modified in place).

    Returns whether there are any: two symbols with a value, not all equal.
    """
    n, mean = 0, 0.0
    for value in factor:
        if np.isfinite(value):
            n += 1
            mean += value
    if n < 2:
        return False
    mean /= n
    squares = 0.0
    for value in factor:
        if np.isfinite(value):
            squares += (value - mean) ** 2
    if not squares > 0.0:
        return False
    scale = weight / np.sqrt(squares / n)
    for place in range(factor.shape[0]):
        if np.isfinite(factor[place]):
            scores[place] += scale * (factor[place] - mean)
    return True


@kernel
def rank_of(scores, place):
    """How many scores are better; of equal ones the earlier is."""
    better = 0
    for other in range(scores.shape[0]):
        if scores[other] > scores[place] or (scores[other] == scores[place] and other < place):
            better += 1
    return better


@kernel
def _read(values, reading, first, symbols, sign, factor):
    for place in range(symbols.shape[0]):
        factor[place] = sign * values[reading, first + symbols[place]]


@kernel
def _read_value(view, first, symbols, factor):
    for place in range(symbols.shape[0]):
        m = first + symbols[place]
        factor[place] = np.nan
        if view.mid[m] > 0 and view.fair_value[m] > 0:
            factor[place] = np.log(np.float64(view.fair_value[m]) / np.float64(view.mid[m]))


@kernel
def score_symbols(factors, i, symbols, quality, sight, first, factor, scores):
    """Scores of all symbols by the weights of row `i` (`factor`, `scores` float64 (n,) modified).

    Returns whether every factor that has a weight could be read.
    """
    scores[:] = 0.0
    ready = True
    if factors.momentum_weight[i] != 0.0:
        _read(sight.values, factors.momentum[i], first, symbols, 1.0, factor)
        ready &= add_scores(factor, factors.momentum_weight[i], scores)
    if factors.value_weight[i] != 0.0:
        _read_value(sight.market, first, symbols, factor)
        ready &= add_scores(factor, factors.value_weight[i], scores)
    if factors.volatility_weight[i] != 0.0:
        _read(sight.values, factors.volatility[i], first, symbols, -1.0, factor)
        ready &= add_scores(factor, factors.volatility_weight[i], scores)
    if factors.reversion_weight[i] != 0.0:
        _read(sight.values, factors.reversion[i], first, symbols, 1.0, factor)
        ready &= add_scores(factor, factors.reversion_weight[i], scores)
    if factors.quality_weight[i] != 0.0:
        ready &= add_scores(quality, factors.quality_weight[i], scores)
    return ready


@kernel
def trade_factors(rows, desk, factors, symbols, quality, scratch, sight, ledger, terms, moment):
    """Every trader whose turn it is ranks its symbols and turns its portfolio over.

    Parameters
    ----------
    rows : TraderRows, desk : Desk    modified in place
    factors : FactorRows
    symbols : int32 (n,)              symbols they trade
    quality : float64 (n,)            quality of each, NaN where there is none
    scratch : (float64 (n,), float64 (n,))
    sight : Sight
    ledger, terms : read only
    moment : Moment
    """
    factor, scores = scratch
    n = symbols.shape[0]
    for i in range(rows.agent.shape[0]):
        if not has_turn(rows, i, rows.agent[i], moment, Stream.SMART):
            continue
        first, tick = rows.env[i] * terms.symbols, moment.tick[rows.env[i]]
        if not score_symbols(factors, i, symbols, quality, sight, first, factor, scores):
            continue
        chosen = max(np.int64(factors.share[i] * n + 1e-9), 1)  # 29% of 100 is 28.999...
        for place in range(n):
            symbol = np.int64(symbols[place])
            rank = rank_of(scores, place)
            stance = 1 if rank < chosen else (-1 if rank >= n - chosen else 0)
            take_stance(rows, desk, i, symbol, stance, sight, ledger, terms, tick)
