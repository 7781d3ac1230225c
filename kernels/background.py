"""Tier 3: the background pool, a statistical crowd. It writes straight into the delay queue:
its orders need no risk check, because the pool has accounting but no portfolio.

Orders scatter around a centre, most of them near (reference 000, part 2): the mid, pulled some
way to fair value. Without the pull the pool, which cannot trade with itself, would hold the mid in
place by its own weight. Offsets, sizes and lifetimes come from quantile tables, so that one
counter-based draw and three look-ups make an order, with the same result on every machine.
"""

from typing import NamedTuple

import numpy as np

from qtg.schemas import (
    Account,
    ExecInst,
    MsgType,
    OrdType,
    PoolTables,
    PoolTerms,
    Stream,
    TimeInForce,
)

from ._jit import kernel
from .delay import next_id, next_place
from .metaorders import Metaorders, work_metaorders
from .quantiles import look_up
from .random import below, fill_words, lane, normal_pair

_LOW_16 = np.uint64(0xFFFF)
_LOW_8 = np.uint64(0xFF)
_8 = np.uint64(8)
_16 = np.uint64(16)
SHORT, LONG = 0.06, 0.006  # weights of the newest tick: means of about 16 and 160 ticks
MOST_RISE = 4.0  # of volatility over its long mean that still adds to activity
BLOCK = 512  # orders whose random words are drawn at a time


class Pool(NamedTuple):
    """State and terms of the pool."""

    terms: PoolTerms
    tables: PoolTables
    sentiment: np.ndarray  # float64 (market,): mood, above 0 leans to buying
    buy_share: np.ndarray  # int64 (market, 3): of 2**16; with the mood, against it, aggressive
    aggressive: np.ndarray  # float64 (market,): share of orders priced through the centre, of 2**8
    metaorders: Metaorders
    words: np.ndarray  # uint32 (4, BLOCK): random words of the orders being written
    centre: (
        np.ndarray
    )  # int64 (market, 2): ticks just below and above what its orders scatter around


@kernel
def move_sentiment(pool, sectors, symbols, moment, out_mood):
    """The mood decays and is shaken (pool modified in place); metaorders that are done give way to
    others; sets each market's share of buys.

    `sectors` are the sector of each market, int32 (market,), and the sentiment of the sectors,
    float64 (E, sector), which the pool adds to its own. `out_mood` float64 (market,) is the sum.
    """
    work_metaorders(pool.metaorders, symbols, moment)
    sector, sentiment = sectors
    for m in range(pool.sentiment.shape[0]):
        env = m // symbols
        terms = pool.terms
        lane_word = lane(moment.env[env], Stream.SENTIMENT)
        shock, _ = normal_pair(moment.seed[env], lane_word, m % symbols, moment.tick[env], 0)
        fresh = np.sqrt(1.0 - terms.sentiment_decay[env] ** 2)
        mood = terms.sentiment_decay[env] * pool.sentiment[m]
        mood += terms.sentiment_volatility[env] * fresh * shock
        mood = min(max(mood, -terms.sentiment_clamp[env]), terms.sentiment_clamp[env])
        pool.sentiment[m] = mood
        mood += sentiment[env, sector[m]]
        mood = min(max(mood, -terms.sentiment_clamp[env]), terms.sentiment_clamp[env])
        out_mood[m] = mood
        pool.buy_share[m, 0] = np.int64(65536.0 * (0.5 + 0.5 * mood))
        pool.buy_share[m, 1] = np.int64(65536.0 * (0.5 - 0.5 * mood))
        lean = mood * (1.0 - 2.0 * terms.contrarian[env])
        lean += pool.metaorders.share * (pool.metaorders.lean[m] - lean)
        pool.buy_share[m, 2] = np.int64(65536.0 * (0.5 + 0.5 * lean))


@kernel
def watch_volatility(pool, mid, last_mid, moment):
    """Keep the variance of log returns of the mids, lately and for longer (pool and `last_mid`,
    int64 (market,), modified in place; exponential averages as RiskMetrics, 1996, has them)."""
    terms = pool.terms
    symbols = mid.shape[0] // terms.count.shape[0]
    for env in range(terms.count.shape[0]):
        total = 0.0
        for m in range(env * symbols, (env + 1) * symbols):
            if last_mid[m] > 0 and mid[m] > 0:
                move = np.log(np.float64(mid[m]) / np.float64(last_mid[m]))
                total += move * move
            last_mid[m] = mid[m]
        now = total / max(symbols, 1)
        first = 1.0 / moment.tick[env]  # a plain mean until there are enough ticks
        terms.short_variance[env] += max(SHORT, first) * (now - terms.short_variance[env])
        terms.long_variance[env] += max(LONG, first) * (now - terms.long_variance[env])


@kernel
def excitement(terms, env, sentiment):
    """What activity is multiplied with: news and volatility bring people to the market."""
    strongest = 0.0
    for sector in range(sentiment.shape[1]):
        strongest = max(strongest, abs(sentiment[env, sector]))
    ratio = 1.0
    if terms.long_variance[env] > 0.0:
        ratio = np.sqrt(terms.short_variance[env] / terms.long_variance[env])
    rise = min(max(ratio - 1.0, 0.0), MOST_RISE)
    return 1.0 + terms.news_activity[env] * strongest + terms.volatility_activity[env] * rise


@kernel
def count_orders(pool, mids, sentiment, moment):
    """Draw how many of the pool's agents are active this tick: a normal approximation of the
    binomial count; returns the sum over environments. `mids` are those of this and the last tick
    (`watch_volatility`), `sentiment` is float64 (E, sector)."""
    watch_volatility(pool, mids[0], mids[1], moment)
    terms = pool.terms
    total = 0
    for env in range(terms.count.shape[0]):
        n = np.float64(terms.count[env])
        p = terms.activity[env] * excitement(terms, env, sentiment) * terms.boost[env]
        p = min(p, 1.0)
        lane_word = lane(moment.env[env], Stream.BACKGROUND)
        z, _ = normal_pair(moment.seed[env], lane_word, 0xFFFFFFFF, moment.tick[env], 0)
        drawn = np.round(n * p + np.sqrt(n * p * (1.0 - p)) * z)
        terms.orders[env] = np.int64(min(max(drawn, 0.0), n))
        total += terms.orders[env]
    return total


@kernel
def _write(order, order_id, m, side, price, qty, delay, expire_tick):
    order.msg_type = MsgType.NEW
    order.ord_type = OrdType.LIMIT
    order.tif = TimeInForce.GTT if expire_tick > 0 else TimeInForce.IOC
    order.exec_inst = ExecInst.NONE
    order.side = side
    order.market = m
    order.agent = Account.POOL
    order.latency_ticks = delay
    order.price = price
    order.qty = qty
    order.order_id = order_id
    order.expire_tick = expire_tick


@kernel
def find_centres(pool, view, volatility):
    """Where the pool sees each market's price, and how many of its orders cross it (pool modified
    in place): the more, the more the fair value moves."""
    terms = pool.terms
    symbols = view.bid.shape[0] // terms.count.shape[0]
    for m in range(view.bid.shape[0]):
        env = m // symbols
        rise = 1.0 + terms.volatility_trading[env] * (volatility[m] - 1.0)
        pool.aggressive[m] = 256.0 * min(terms.aggressive[env] * max(rise, 0.0), 1.0)
        gap = np.float64(view.fair_value[m] - view.mid[m])
        centre = view.mid[m] + np.int64(terms.anchor[env] * gap)
        pool.centre[m, 0] = centre // view.tick_size[m]
        pool.centre[m, 1] = -(-centre // view.tick_size[m])


@kernel
def _limit_ticks(pool, m, side, crosses, draw):
    """Price in ticks: away from the centre, or past it for an aggressive order."""
    away = -look_up(pool.tables.through, draw) if crosses else look_up(pool.tables.offset, draw)
    inner = pool.centre[m, 0] if side > 0 else pool.centre[m, 1]
    return max(inner - side * away, 1)


@kernel
def trade_background(pool, market, queue, moment, latency):
    """Write this tick's orders of every environment's pool into the delay queue.

    Parameters
    ----------
    pool : Pool
    market : (MarketView, float64 (market,))    and volatility over its long-run value
    queue : DelayQueue     has room for all of them in every bucket
    moment : Moment
    latency : int          0 switches the pool's latency off
    """
    terms = pool.terms
    view, volatility = market
    symbols = view.bid.shape[0] // terms.count.shape[0]
    find_centres(pool, view, volatility)
    for env in range(terms.count.shape[0]):
        seed, tick = moment.seed[env], moment.tick[env]
        lane_word = lane(moment.env[env], Stream.BACKGROUND)
        span = np.uint64(terms.latency_high[env] - terms.latency_low[env] + 1)
        lean = np.uint64(terms.contrarian[env] * 65536.0)
        for i in range(terms.orders[env]):
            place = i & (BLOCK - 1)
            if place == 0:
                fill_words(seed, lane_word, tick, i, min(terms.orders[env] - i, BLOCK), pool.words)
            a, b = np.uint64(pool.words[0, place]), np.uint64(pool.words[1, place])
            c, d = np.uint64(pool.words[2, place]), np.uint64(pool.words[3, place])
            m = env * symbols + below(a, symbols)
            crosses = np.float64(c & _LOW_8) < pool.aggressive[m]
            leaning = np.int64(2) if crosses else np.int64((b & _LOW_16) < lean)
            side = 1 if np.int64(b >> _16) < pool.buy_share[m, leaning] else -1
            delay = np.int64(0)
            if latency != 0:
                spread = (((d >> _8) & _LOW_8) * span) >> _8
                delay = terms.latency_low[env] + np.int64(spread)
            ticks = _limit_ticks(pool, m, side, crosses, c >> _8)
            lots = look_up(pool.tables.size, ((a & _LOW_16) << _8) | (d & _LOW_8))
            expire_tick = np.int64(0)  # what crosses takes what is there and does not rest
            if not crosses:
                expire_tick = tick + delay + look_up(pool.tables.lifetime, (d >> _16) << _8)
            price, qty = ticks * view.tick_size[m], lots * view.lot_size[m]
            order = queue.orders[next_place(queue, m, delay)]
            _write(order, next_id(queue, env), m, side, price, qty, delay, expire_tick)
