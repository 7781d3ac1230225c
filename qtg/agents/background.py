"""Tier 3: the statistical pool."""

import numpy as np

from qtg.kernels.background import (
    BLOCK,
    Pool,
    count_orders,
    move_sentiment,
    trade_background,
)
from qtg.kernels.metaorders import Metaorders
from qtg.kernels.quantiles import BINS
from qtg.kernels.regimes import Episodes, cancel_background, switch_regimes
from qtg.schemas import PRICE_SCALE, PoolTables, PoolTerms, Regime, allocate, nbytes

from ..config import MOODS, Config
from ..config.background import Background, Traits
from ..economy import Economy
from ..exchange import Exchange
from ..stateful import Stateful

_FOR_A_WHILE = int(Regime.BURST)  # regimes from here on end by themselves


class BackgroundPool(Stateful):
    """The background pool of every environment of a run."""

    STATE = (
        *(f"pool.terms.{name}" for name in ("regime", "base", "since", "boost", "canceled")),
        *(f"pool.terms.{name}" for name in Traits._fields),
        *(f"pool.terms.{name}" for name in ("short_variance", "long_variance", "orders")),
        *(f"pool.{name}" for name in ("sentiment", "buy_share", "aggressive", "centre")),
        *(f"pool.metaorders.{name}" for name in ("side", "end", "lean")),
        "episodes.ready",
        "_last_mid",
    )

    def __init__(self, config: Config, exchange: Exchange) -> None:
        terms = allocate(PoolTerms, len(exchange.venue.envs))
        background = config.background
        terms.count[:] = background.count
        for name, value in background.traits._asdict().items():
            getattr(terms, name)[:] = value
        for name in (
            "regime",
            "news_activity",
            "volatility_activity",
            "anchor",
            "aggressive",
            "volatility_trading",
            "sentiment_decay",
            "sentiment_clamp",
            "latency_low",
            "latency_high",
        ):
            getattr(terms, name)[:] = getattr(background, name)
        markets = exchange.venue.n_markets
        self.pool = Pool(
            terms,
            PoolTables(
                _quantiles(background.offset_ticks, 0),
                _quantiles(background.aggressive_ticks, 0),
                _quantiles(background.size, 1),
                _quantiles(background.lifetime_ticks, 1),
            ),
            np.zeros(markets),
            np.full((markets, 3), 1 << 15, np.int64),
            np.zeros(markets),
            _metaorders(config, markets),
            np.zeros((4, BLOCK), np.uint32),
            np.zeros((markets, 2), np.int64),
        )
        terms.base[:] = background.regime
        self.episodes = _episodes(config, len(exchange.venue.envs))
        self._last_mid = np.zeros(markets, np.int64)
        self._changes = bool(background.schedule or background.chain or background.triggers)
        self._schedule = np.array(
            [(each.tick, each.regime) for each in background.schedule], np.int64
        ).reshape(-1, 2)
        self._now = np.full(len(exchange.venue.envs), -1, np.int64)
        self._traits = np.array([background.traits_in(regime) for regime in MOODS])
        self._chain = np.zeros((len(Regime), len(Regime)))
        for step in background.chain:
            self._chain[step.source, step.target] += step.chance
        self._settings = background
        self._latency = int(config.latency.enabled)
        self._pnl_limit = background.pnl_limit

    def decide(self, exchange: Exchange, economy: Economy, told: int = -1) -> int:
        """Write this tick's orders into the delay queue; returns how many. `told` is the regime
        that is set from outside; without one it is as scheduled or drawn."""
        venue, moment = exchange.venue, exchange.moment
        terms = self.pool.terms
        changes = self._changes or told >= 0 or np.count_nonzero(terms.regime >= _FOR_A_WHILE) > 0
        if changes:
            now, resting = self._set_now(told, moment.tick), venue.resting
            switch_regimes(terms, self._traits, self._chain, self.episodes, now, resting, moment)
        mids = (exchange.view.mid, self._last_mid)
        n = int(count_orders(self.pool, mids, economy.sentiment, moment))
        exchange.reserve_queue(n)
        trade_background(
            self.pool,
            (exchange.view, economy.fundamentals.volatility),
            exchange.queue,
            moment,
            self._latency,
        )
        if changes and terms.canceled.any():
            exchange.reserve_queue(int(venue.resting.sum()))
            books = venue.book_columns
            n += int(cancel_background(terms, books, exchange.queue, self._latency, moment))
        return n

    def _set_now(self, told: int, tick: np.ndarray) -> np.ndarray:
        """int64 (E,): the regime that is set for each environment's tick, or -1."""
        self._now[:] = told
        if told < 0 and len(self._schedule):
            ticks, regimes = self._schedule.T
            at = np.minimum(np.searchsorted(ticks, tick), len(ticks) - 1)
            self._now[:] = np.where(ticks[at] == tick, regimes[at], -1)
        return self._now

    def follow(self, before: Background) -> None:
        """Go over to the regime of the configuration, and to what it says of the present one,
        where that differs from what the configuration said `before`."""
        own, terms = self._settings, self.pool.terms
        if own.regime != before.regime:
            terms.regime[:] = terms.base[:] = own.regime
            terms.boost[:], terms.canceled[:] = 1.0, 0.0
        elif all(own.traits_in(each) == before.traits_in(each) for each in MOODS):
            return
        for name, values in zip(Traits._fields, self._traits[terms.base].T, strict=True):
            getattr(terms, name)[:] = values

    def decay(self, exchange: Exchange, economy: Economy) -> None:
        """The mood decays towards neutral and is shaken; the news of its sector adds to it.
        Metaorders that are done give way to others."""
        sectors = (economy.fundamentals.sector, economy.sentiment)
        mood, symbols = exchange.view.sentiment, exchange.venue.symbols
        move_sentiment(self.pool, sectors, symbols, exchange.moment, mood)

    def nbytes(self) -> int:
        return nbytes(self.pool.terms, self.pool.tables) + self.pool.sentiment.nbytes


def _metaorders(config: Config, markets: int) -> Metaorders:
    of = config.background.metaorders
    shape = (markets, of.count)
    return Metaorders(
        np.zeros(shape, np.int64),
        np.zeros(shape, np.int64),
        _quantiles(of.duration_ticks, 1),
        of.share if of.count else 0.0,
        np.zeros(markets),
    )


def _episodes(config: Config, envs: int) -> Episodes:
    """Bursts, cancel storms and triggers of a run; no trigger fires in the warm-up."""
    background = config.background
    burst, storm = background.burst, background.cancel_storm
    rows = [
        (each.regime, each.volatility or 0.0, each.depth or 0, each.rest_ticks)
        for each in background.triggers
    ]
    return Episodes(
        np.array([burst.spike, burst.half_life_ticks], np.float64),
        np.array([storm.share, storm.ticks], np.float64),
        np.array(rows, np.float64).reshape(-1, 4),
        np.full((envs, len(rows)), config.warmup.ticks + 1, np.int64),
    )


def pool_pnl(exchange: Exchange) -> np.ndarray:
    """Profit of the pool per market: sell_volume * vwap_sell - buy_volume * vwap_buy (reference
    000, part 2), with what it holds beyond its start valued at the last price [1e-4]."""
    holdings = exchange.ledger.holdings
    inventory = holdings.pool_bought - holdings.pool_sold
    return holdings.pool_received - holdings.pool_paid + inventory * exchange.view.last


def pool_is_sane(exchange: Exchange, limit: float) -> bool:
    """Whether the pool's profit stays within `limit` of the market's capitalisation."""
    holdings, last = exchange.ledger.holdings, exchange.view.last
    capitalisation = float((holdings.outstanding * (last / PRICE_SCALE)).sum())
    return abs(float(pool_pnl(exchange).sum()) / PRICE_SCALE) <= limit * capitalisation


def _quantiles(distribution: object, least: int) -> np.ndarray:
    """int32 (2, BINS): quantiles at bin centres; the second row refines the last bin."""
    centres = (np.arange(BINS) + 0.5) / BINS
    coarse = distribution.quantile(centres)  # type: ignore[attr-defined]
    fine = distribution.quantile(1.0 - (1.0 - centres) / BINS)  # type: ignore[attr-defined]
    table = np.rint(np.stack([coarse, fine]))
    whole: np.ndarray = np.clip(table, least, 1 << 30).astype(np.int32)
    return whole
