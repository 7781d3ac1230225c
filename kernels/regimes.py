"""Regimes of the background pool: which one holds, and how bursts and cancel storms go by.

Calm, normal, volatile and crisis last until something changes them. A burst and a cancel storm are
episodes: they pass, and the regime before them holds again.
"""

from typing import NamedTuple

import numpy as np

from qtg.schemas import Account, ExecInst, MsgType, OrdType, Regime, Stream, TimeInForce

from ._jit import kernel
from .delay import next_place
from .matching import POOL_SLOT
from .random import lane, philox, uniform_pair

REMAINDER = 0.05  # of the usual activity: a burst that adds less is over
_TWO_32 = 4294967296.0
_LOW_32 = np.int64(0xFFFFFFFF)


class Episodes(NamedTuple):
    """How episodes go, and what sets off a change of regime."""

    burst: np.ndarray  # float64 (2,): spike, half-life [ticks]
    storm: np.ndarray  # float64 (2,): share cancelled in a tick, length [ticks]
    triggers: np.ndarray  # float64 (trigger, 4): regime, volatility, depth (0: not), rest [ticks]
    ready: np.ndarray  # int64 (E, trigger): first tick in which each may fire (again)


@kernel
def _excess(episodes, age):
    """What a burst adds to activity, as part of it."""
    return (episodes.burst[0] - 1.0) * 0.5 ** (age / episodes.burst[1])


@kernel
def _is_over(terms, episodes, env, tick):
    """Whether the episode of an environment has passed."""
    age = np.float64(tick - terms.since[env])
    if terms.regime[env] == Regime.CANCEL_STORM:
        return age >= episodes.storm[1]
    return terms.regime[env] == Regime.BURST and _excess(episodes, age) < REMAINDER


@kernel
def _drawn(terms, chain, env, moment):
    """The regime after a step of the Markov chain."""
    regime = np.int64(terms.regime[env])
    lane_word = lane(moment.env[env], Stream.REGIME)
    u, _ = uniform_pair(moment.seed[env], lane_word, 0, moment.tick[env], 0)
    for each in range(chain.shape[1]):
        if u < chain[regime, each]:
            return np.int64(each)
        u -= chain[regime, each]
    return regime


@kernel
def _fired(terms, episodes, env, depth, tick, target):
    """The regime of the last trigger whose threshold is reached, else `target`."""
    ratio = 0.0
    if terms.long_variance[env] > 0.0:
        ratio = np.sqrt(terms.short_variance[env] / terms.long_variance[env])
    for row in range(episodes.triggers.shape[0]):
        _, volatility, orders, rest = episodes.triggers[row]
        reached = volatility > 0.0 and ratio >= volatility
        reached = reached or (orders > 0.0 and depth >= orders)
        if reached and tick >= episodes.ready[env, row]:
            episodes.ready[env, row] = tick + np.int64(rest)
            target = np.int64(episodes.triggers[row, 0])
    return target


@kernel
def _enter(terms, traits, env, target, tick):
    """Go over to another regime, or begin an episode (again)."""
    if target < Regime.BURST:
        terms.base[env] = target
        terms.activity[env] = traits[target, 0]
        terms.sentiment_volatility[env] = traits[target, 1]
        terms.contrarian[env] = traits[target, 2]
    terms.regime[env] = target
    terms.since[env] = tick


@kernel
def switch_regimes(terms, traits, chain, episodes, now, resting, moment):
    """Change regimes (`terms` and `episodes.ready` modified in place).

    Parameters
    ----------
    traits : float64 (regime, 3)        activity, sentiment volatility, contrarian share
    chain : float64 (regime, regime)    chance in a tick to go from one to the other
    episodes : Episodes
    now : int64 (E,)                    regime set by a schedule or from outside, or -1
    resting : int32 (market,)           resting orders
    moment : Moment
    """
    n_envs = moment.env.shape[0]
    symbols = resting.shape[0] // n_envs
    for env in range(n_envs):
        tick = moment.tick[env]
        regime = np.int64(terms.regime[env])
        target = _drawn(terms, chain, env, moment)
        if _is_over(terms, episodes, env, tick):
            target = np.int64(terms.base[env])
        depth = np.int64(0)
        for m in range(env * symbols, (env + 1) * symbols):
            depth += resting[m]
        target = _fired(terms, episodes, env, depth / symbols, tick, target)
        if now[env] >= 0:
            target = now[env]
        if target != regime or now[env] >= Regime.BURST:
            _enter(terms, traits, env, target, tick)
        terms.boost[env], terms.canceled[env] = 1.0, 0.0
        if target == Regime.BURST:
            terms.boost[env] += _excess(episodes, np.float64(tick - terms.since[env]))
        elif target == Regime.CANCEL_STORM:
            terms.canceled[env] = episodes.storm[0]


@kernel
def _cancel(order, m, slot, side, order_id, delay):
    """A cancel of one of the pool's orders. It names the slot: no directory lists the pool."""
    order.msg_type = MsgType.CANCEL
    order.ord_type = OrdType.LIMIT
    order.tif = TimeInForce.GTC
    order.exec_inst = ExecInst.NONE
    order.side = side
    order.market = m
    order.agent = Account.POOL
    order.latency_ticks = delay
    order.price = 0
    order.qty = 0
    order.order_id = order_id
    order.expire_tick = POOL_SLOT - slot


@kernel
def cancel_background(terms, books, queue, latency, moment):
    """In a cancel storm, write cancels of the pool's resting orders into the delay queue.

    Parameters
    ----------
    terms : PoolTerms
    books : Book           read only
    queue : DelayQueue     has room for all resting orders in every bucket
    latency : int          0 switches the pool's latency off
    moment : Moment

    Returns
    -------
    int    cancels written
    """
    n_markets = books.markets.shape[0]
    symbols = n_markets // moment.env.shape[0]
    written = np.int64(0)
    for m in range(n_markets):
        env = m // symbols
        if terms.canceled[env] <= 0.0:
            continue
        seed, tick = moment.seed[env], moment.tick[env]
        lane_word = lane(moment.env[env], Stream.CANCEL)
        span = np.uint64(terms.latency_high[env] - terms.latency_low[env] + 1)
        for slot in range(books.markets[m].fresh):
            order_id = books.orders[m, slot].order_id
            if order_id == 0 or books.orders[m, slot].agent != Account.POOL:
                continue
            words = philox(order_id & _LOW_32, tick, 0, lane_word, seed)
            if np.float64(words[0]) >= terms.canceled[env] * _TWO_32:
                continue
            delay = np.int64(0)
            if latency != 0:
                spread = (np.uint64(words[1]) * span) >> np.uint64(32)
                delay = terms.latency_low[env] + np.int64(spread)
            side = 1 - (np.int64(books.orders[m, slot].ladder) & 2)
            order = queue.orders[next_place(queue, m, delay)]
            _cancel(order, m, slot, side, order_id, delay)
            written += 1
    return written
