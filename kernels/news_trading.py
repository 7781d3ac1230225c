"""Traders who go the way of the news for a while."""

import numpy as np

from qtg.schemas import Stream

from ._jit import kernel
from .desk import take_stance
from .random import lane
from .turns import has_turn


@kernel
def news_stance(news, threshold, held, age, holding):
    """With news of at least `threshold`; flat again after `holding` ticks."""
    if abs(news) >= threshold and news != 0.0:
        return 1 if news > 0.0 else -1
    return 0 if held != 0 and age >= holding else held


@kernel
def trade_news(rows, desk, news, symbols, sight, ledger, terms, random, tick):
    """Every trader whose turn it is listens to its symbols.

    Parameters
    ----------
    rows : TraderRows, desk : Desk    modified in place
    news : NewsRows
    symbols : int32 (n,)              symbols they trade
    sight : Sight
    ledger, terms : read only
    random : (seed, envs)
    """
    seed, envs = random
    for i in range(rows.agent.shape[0]):
        env, agent = rows.env[i], rows.agent[i]
        if not has_turn(rows, i, agent, tick, seed, lane(envs[env], Stream.SMART)):
            continue
        for symbol in symbols:
            m = env * terms.symbols + symbol
            had = np.int64(desk.stance[i, symbol])
            age = tick - desk.start_tick[i, symbol]
            heard = sight.market.news[m]
            stance = news_stance(heard, news.threshold[i], had, age, news.holding[i])
            if stance != had:
                held = ledger.positions.qty[env * terms.agents + agent, symbol]
                take_stance(rows, desk, i, symbol, m, stance, held, sight, tick)
