"""Traders who go by an indicator: RSI, averages that cross, MACD, Bollinger bands.

Each rule is one function from readings to a stance, short, flat or long; where it says nothing
(between its levels, or without enough history) the trader keeps the stance it has.
"""

import numpy as np

from qtg.schemas import TechnicalRule

from ._jit import kernel
from .desk import take_stances

ROUNDING = 1e-12  # averages of a price that stands still differ by less, as a share of it


@kernel
def rsi_momentum(rsi, change, oversold, overbought, held):
    """Long below `oversold`, short above `overbought` (Wilder, 1978, New Concepts in Technical
    Trading Systems). An RSI of 0 without a `change` of price is that of a market without gains or
    losses, which says nothing."""
    if rsi == 0.0 and change == 0.0:
        return held
    if rsi < oversold:
        return 1
    return -1 if rsi > overbought else held


@kernel
def trend_follower(fast, slow, band, held):
    """Long while the fast average lies above the slow one by more than `band`, short below."""
    lead = fast / slow - 1.0
    least = max(band, ROUNDING)
    if lead > least:
        return 1
    return -1 if lead < -least else held


@kernel
def macd_crossover(histogram, slow, band, held):
    """Long when MACD has crossed above its signal, short below; `band` is a share of the price."""
    least = max(band, ROUNDING) * slow
    if histogram > least:
        return 1
    return -1 if histogram < -least else held


@kernel
def bollinger_reversion(z, width, middle, held):
    """Against a price beyond the band at `width` deviations, until it is back within `middle`."""
    if z < -width:
        return 1
    if z > width:
        return -1
    if (held > 0 and z > -middle) or (held < 0 and z < middle):
        return 0
    return held


@kernel
def technical_stance(technical, desk, i, symbol, sight, m, tick):
    """What the rule of row `i` says to its two readings."""
    a, b = sight.values[technical.first[i], m], sight.values[technical.second[i], m]
    rule, enter, leave = technical.rule[i], technical.enter[i], technical.leave[i]
    held = np.int64(desk.stance[i, symbol])
    if rule == TechnicalRule.RSI_MOMENTUM:
        return rsi_momentum(a, b, enter, leave, held)
    if rule == TechnicalRule.TREND_FOLLOWER:
        return trend_follower(a, b, enter, held)
    if rule == TechnicalRule.MACD_CROSSOVER:
        return macd_crossover(a, b, enter, held)
    return bollinger_reversion(a, enter, leave, held)


@kernel
def follow_indicators(rows, desk, technical, symbols, sight, ledger, terms, moment):
    """`take_stances` by indicators; `technical` is TechnicalRows."""
    take_stances(technical_stance, technical, rows, desk, symbols, sight, ledger, terms, moment)
