"""Fair values: Gordon's formula over earnings that diffuse and that news changes."""

from typing import NamedTuple

import numpy as np

from qtg.schemas import NewsKind, Sector, Stream

from ._jit import kernel
from .random import lane, normal_pair, philox

SECTORS = len(Sector)
LEAST_GROWTH = -0.9  # dividends stay positive, whatever guidance says
LEAST_VALUE, MOST_VALUE = 1.0, 2.0**61  # prices that can be written [1e-4]


RENEW, FIRST = 1, 2  # draws of the volatility factors; 0 is the shock
_WORDS = 4  # a Philox call renews so many factors
_1 = np.uint64(1)


class Cascade(NamedTuple):
    """How volatility moves: binomial factors, each renewed at its own rate."""

    renewal: np.ndarray  # uint64 (factor,): chance in a tick that it is drawn anew, of 2**31
    level: np.ndarray  # float64 (factor + 1,): volatility by how many factors are high


class Diffusion(NamedTuple):
    """Terms of the process, per tick."""

    drift: float
    volatility: np.ndarray  # float64 (symbol,)
    reversion: float  # pull towards the anchor
    correlation: float  # between any two symbols of an environment
    sector_correlation: float  # of what that leaves, between two symbols of a sector
    least_spread: float  # discount less growth is never taken as less
    symbols: int
    cascade: Cascade


@kernel
def gordon(eps, payout, growth, discount, least_spread):
    """Worth of a growing dividend: next year's over (discount - growth) (Gordon, 1959)."""
    growth = max(growth, LEAST_GROWTH)
    return eps * payout * (1.0 + growth) / max(discount - growth, least_spread)


@kernel
def apply_news(news, env, first, end, fundamentals, rates, symbols, out_news):
    """Let events `first` .. `end` - 1 change what they are about.

    Parameters
    ----------
    news : News              one row per event
    env : int32 (n,)         environment of each event
    fundamentals, rates      modified in place
    symbols : int            symbols per environment
    out_news : float64 (market,)    out: sentiment of the events that concern each market
    """
    out_news[:] = 0.0
    for i in range(first, end):
        kind, surprise = news.kind[i], news.surprise[i]
        if kind == NewsKind.RATE_DECISION:
            rates.risk_free[env[i]] += surprise
        for symbol in range(symbols):
            m = env[i] * symbols + symbol
            if news.sector[i] >= 0 and fundamentals.sector[m] != news.sector[i]:
                continue
            if news.symbol[i] >= 0 and symbol != news.symbol[i]:
                continue
            out_news[m] = min(max(out_news[m] + news.sentiment[i], -1.0), 1.0)
            if kind == NewsKind.GUIDANCE:
                fundamentals.growth[m] += surprise
            elif kind == NewsKind.MACRO:
                fundamentals.eps[m] *= np.exp(fundamentals.beta[m] * surprise)
            elif kind != NewsKind.RATE_DECISION:
                fundamentals.eps[m] *= np.exp(surprise)


@kernel
def _renew(factors, renewal, lane_word, symbol, seed, tick):
    """Factors of one market after a tick: each is renewed with its chance, then high or low."""
    words = philox(symbol, tick, RENEW, lane_word, seed)
    for k in range(renewal.shape[0]):
        if k >= _WORDS and k % _WORDS == 0:
            draw = np.uint64(RENEW) | (np.uint64(k // _WORDS) << np.uint64(8))
            words = philox(symbol, tick, draw, lane_word, seed)
        word = words[k % _WORDS]
        if word >> _1 < renewal[k]:
            bit = np.int64(1) << k
            factors = (factors | bit) if word & _1 else (factors & ~bit)
    return factors


@kernel
def _level(factors, level):
    """Volatility over its long-run value: the product of the factors, by how many are high."""
    high = 0
    while factors:
        factors &= factors - 1
        high += 1
    return level[high]


@kernel
def draw_factors(fundamentals, diffusion, moment):
    """Volatility factors at the start, each high or low (fundamentals modified in place)."""
    level = diffusion.cascade.level
    for m in range(fundamentals.factors.shape[0]):
        env = m // diffusion.symbols
        lane_word = lane(moment.env[env], Stream.FAIR_VALUE)
        word, _, _, _ = philox(m % diffusion.symbols, 0, FIRST, lane_word, moment.seed[env])
        fundamentals.factors[m] = np.int64(word) & ((1 << (level.shape[0] - 1)) - 1)
        fundamentals.volatility[m] = _level(fundamentals.factors[m], level)


@kernel
def move_fair_value(fundamentals, rates, diffusion, moment, out_fair_value):
    """One tick of  d eps / eps = drift + reversion * log(anchor / eps) + volatility * z.

    z has unit variance: a factor common to the environment, one common to the sector, and own
    noise. Volatility is that of the process times the market's own factors (Calvet and Fisher,
    2004, section 1). `out_fair_value` (int64, 1e-4) receives Gordon's value of the earnings.
    """
    symbols = diffusion.symbols
    common_share = np.sqrt(diffusion.correlation)
    rest = 1.0 - diffusion.correlation
    sector_share = np.sqrt(rest * diffusion.sector_correlation)
    own_share = np.sqrt(rest * (1.0 - diffusion.sector_correlation))
    for m in range(out_fair_value.shape[0]):
        env = m // symbols
        seed, tick = moment.seed[env], moment.tick[env]
        lane_word = lane(moment.env[env], Stream.FAIR_VALUE)
        sector = symbols + 1 + fundamentals.sector[m]
        common, _ = normal_pair(seed, lane_word, symbols, tick, 0)
        branch, _ = normal_pair(seed, lane_word, sector, tick, 0)
        own, _ = normal_pair(seed, lane_word, m % symbols, tick, 0)
        shock = common_share * common + sector_share * branch + own_share * own
        eps = fundamentals.eps[m]
        if diffusion.cascade.renewal.shape[0]:
            fundamentals.factors[m] = _renew(
                fundamentals.factors[m],
                diffusion.cascade.renewal,
                lane_word,
                m % symbols,
                seed,
                tick,
            )
            fundamentals.volatility[m] = _level(fundamentals.factors[m], diffusion.cascade.level)
        volatility = diffusion.volatility[m % symbols] * fundamentals.volatility[m]
        pull = diffusion.reversion * np.log(fundamentals.eps_anchor[m] / eps)
        eps *= max(1.0 + diffusion.drift + pull + volatility * shock, 0.5)
        discount = rates.risk_free[env] + fundamentals.beta[m] * rates.premium[env]
        value = gordon(
            eps, fundamentals.payout[m], fundamentals.growth[m], discount, diffusion.least_spread
        )
        writable = min(max(value, LEAST_VALUE), MOST_VALUE)
        fundamentals.eps[m] = eps if writable == value else eps * (writable / value)
        out_fair_value[m] = np.int64(np.round(writable))


@kernel
def move_sector_sentiment(active, n, decay, moment, sentiment):
    """A tick of every sector's mood: it decays, and active events pull it towards theirs.

    An event that lasts d ticks moves the mood from 0 to (1 - decay ** d) times its own.

    Parameters
    ----------
    active : ActiveNews              its first `n` rows count; modified in place
    decay : float                    what is left after a tick
    moment : Moment
    sentiment : float64 (E, sector)  modified in place, stays within -1 .. 1

    Returns
    -------
    int    how many events are still active
    """
    kept = 0
    for env in range(sentiment.shape[0]):
        for sector in range(SECTORS):
            sentiment[env, sector] *= decay
    for i in range(n):
        env = active.env[i]
        if moment.tick[env] >= active.end[i]:
            continue
        pull = (1.0 - decay) * active.weight[i] * active.sentiment[i]
        for sector in range(SECTORS):
            if active.sector[i] < 0 or active.sector[i] == sector:
                sentiment[env, sector] = min(max(sentiment[env, sector] + pull, -1.0), 1.0)
        active.env[kept], active.sector[kept] = active.env[i], active.sector[i]
        active.weight[kept], active.sentiment[kept] = active.weight[i], active.sentiment[i]
        active.end[kept] = active.end[i]
        kept += 1
    return kept
