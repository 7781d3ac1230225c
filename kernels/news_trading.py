"""Traders who go the way of the news for a while."""

import numpy as np

from ._jit import kernel
from .desk import take_stances


@kernel
def news_stance(news, desk, i, symbol, sight, m, tick):
    """With news of at least the threshold of row `i`; flat again after its holding time."""
    heard, held = sight.market.news[m], np.int64(desk.stance[i, symbol])
    if abs(heard) >= news.threshold[i] and heard != 0.0:
        return 1 if heard > 0.0 else -1
    age = tick - desk.start_tick[i, symbol]
    return 0 if held != 0 and age >= news.holding[i] else held


@kernel
def trade_news(rows, desk, news, symbols, sight, ledger, terms, moment):
    """`take_stances` by what is heard; `news` is NewsRows."""
    take_stances(news_stance, news, rows, desk, symbols, sight, ledger, terms, moment)
