"""Tier 3: the statistical pool."""

import numpy as np

from qtg.kernels.background import BINS, BLOCK, Pool, count_orders, move_sentiment, trade_background
from qtg.schemas import PRICE_SCALE, PoolTables, PoolTerms, allocate, nbytes

from ..config import Config
from ..economy import Economy
from ..exchange import Exchange


class BackgroundPool:
    """The background pool of every environment of a run."""

    def __init__(self, config: Config, exchange: Exchange) -> None:
        terms = allocate(PoolTerms, len(exchange.venue.envs))
        background = config.background
        terms.count[:] = background.count
        for name, value in background.traits._asdict().items():
            getattr(terms, name)[:] = value
        for name in (
            "anchor",
            "aggressive",
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
            np.full((markets, 2), 1 << 15, np.int64),
            np.zeros((4, BLOCK), np.uint32),
            np.zeros((markets, 2), np.int64),
        )
        self._latency = int(config.latency.enabled)
        self._pnl_limit = background.pnl_limit

    def decide(self, exchange: Exchange, tick: int) -> int:
        """Write this tick's orders into the delay queue; returns how many."""
        venue = exchange.venue
        n = int(count_orders(self.pool, venue.seed, venue.envs, tick))
        exchange.reserve_queue(n)
        trade_background(
            self.pool,
            exchange.view,
            exchange.queue,
            venue.seed,
            venue.envs,
            tick,
            self._latency,
        )
        return n

    def decay(self, exchange: Exchange, economy: Economy, tick: int) -> None:
        """The mood decays towards neutral and is shaken; the news of its sector adds to it."""
        venue = exchange.venue
        sectors = (economy.fundamentals.sector, economy.sentiment)
        mood = exchange.view.sentiment
        move_sentiment(self.pool, sectors, venue.seed, venue.envs, venue.symbols, tick, mood)

    def nbytes(self) -> int:
        return nbytes(self.pool.terms, self.pool.tables) + self.pool.sentiment.nbytes


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
