"""What the stocks of a run are worth, and what becomes known about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from qtg.kernels.fundamentals import (
    SECTORS,
    Cascade,
    Diffusion,
    apply_news,
    draw_factors,
    gordon,
    move_fair_value,
    move_sector_sentiment,
)
from qtg.kernels.random import Moment
from qtg.schemas import (
    PRICE_SCALE,
    ActiveNews,
    Fundamentals,
    News,
    NewsKind,
    Rates,
    Sector,
    allocate,
    grown,
    nbytes,
    taken,
)

from .config import Config, FairValueProcess
from .news import NewsTape, stamp
from .stateful import State, Stateful, found, shown, table_of

if TYPE_CHECKING:
    import polars as pl

    from .exchange import Exchange


class Economy(Stateful):
    """Fundamentals, rates and sector sentiment of every environment of a run.

    Attributes
    ----------
    fundamentals : Fundamentals      one row per market
    rates : Rates                    one row per environment
    sentiment : float64 (E, 10)      mood of each sector, -1 .. 1
    """

    STATE = (
        "rates.risk_free",
        *(f"fundamentals.{name}" for name in ("eps", "growth", "factors", "volatility")),
        "sentiment",
        "_told",
    )

    def __init__(self, config: Config, exchange: Exchange) -> None:
        self._config = config
        self._symbols = len(config.symbols)
        self.rates = _rates(config, len(exchange.venue.envs))
        self.fundamentals = _fundamentals(config, self.rates)
        self.sentiment = np.zeros((len(exchange.venue.envs), SECTORS))
        self.tape = NewsTape(config, len(exchange.venue.envs))
        self._diffusion = _diffusion(config)
        draw_factors(self.fundamentals, self._diffusion, exchange.moment)
        self._active = allocate(ActiveNews, 64)
        self._n_active = 0
        self._told = 0
        members = np.bincount(self.fundamentals.sector[: self._symbols], minlength=SECTORS)
        self._share = 1.0 / np.maximum(members, 1)
        self.news: News = allocate(News, 0)  # of the last tick, first environment
        exchange.view.fair_value[:] = np.rint(self.value())

    def move(self, exchange: Exchange, told: Sequence[News] = ()) -> None:
        """Advance by one tick: news, with what is `told` from outside, then fair values, then the
        mood of the sectors."""
        moment = exchange.moment
        if self._config.news.enabled:
            self._hear(*self._known(moment, told), exchange.view.news)
        move_fair_value(
            self.fundamentals,
            self.rates,
            self._diffusion,
            moment,
            exchange.view.fair_value,
        )
        if self._config.news.enabled:
            decay = self._config.economy.sentiment_decay
            self._n_active = move_sector_sentiment(
                self._active, self._n_active, decay, moment, self.sentiment
            )

    def value(self) -> np.ndarray:
        """Fair value of every market at the present fundamentals, float64 (market,) [1e-4]."""
        of = self.fundamentals
        env = np.arange(len(of.eps)) // max(self._symbols, 1)
        discount = self.rates.risk_free[env] + of.beta * self.rates.premium[env]
        least = self._config.economy.least_spread
        rows = zip(of.eps, of.payout, of.growth, discount, strict=True)
        return np.array([gordon(*row, least) for row in rows])

    def reprice(self, market: int, value: float) -> None:
        """Set a market's earnings to what makes `value` [1e-4] fair."""
        self.fundamentals.eps[market] *= value / self.value()[market]

    def calendar(self, first: int, last: int) -> pl.DataFrame:
        """The scheduled events of ticks `first` to `last`: tick, kind, symbol (null for all)."""
        import polars as pl

        found = self.tape.scheduled(first, last)
        sources = self.tape.sources
        names = [symbol.symbol for symbol in self._config.symbols]
        kinds = [NewsKind(kind).name.lower() for kind in sources.kind[found[:, 1]]]
        whose = [names[row] if row >= 0 else None for row in sources.symbol[found[:, 1]]]
        return pl.DataFrame(
            {
                "tick": found[:, 0],
                "kind": pl.Series(kinds, dtype=pl.String),
                "symbol": pl.Series(whose, dtype=pl.String),
            }
        )

    def state(self) -> State:
        """Fundamentals, moods, and the news on people's minds."""
        active = taken(self._active, slice(self._n_active))
        return {**super().state(), "active": shown(active), "news": shown(self.news)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        super().restore(state)
        active = table_of(ActiveNews, found(state, "active"), "Economy.active")
        self._n_active = len(active.end)
        self._active = grown(active, max(len(self._active.end), self._n_active))
        self.news = table_of(News, found(state, "news"), "Economy.news")

    def take_over(self, source: Economy, rows: np.ndarray, to: np.ndarray) -> None:
        """Let environments `to` have on their minds what `rows` of `source` have, int64 (n,)."""
        if self._n_active == 0 and source._n_active == 0:
            return
        mine: ActiveNews = taken(self._active, slice(self._n_active))
        theirs: ActiveNews = taken(source._active, slice(source._n_active))
        others = np.flatnonzero(~np.isin(mine.env, to))
        order = np.argsort(theirs.env, kind="stable")
        first, end = (np.searchsorted(theirs.env[order], rows, side) for side in ("left", "right"))
        n = end - first
        which = order[np.repeat(end - np.cumsum(n), n) + np.arange(n.sum())]
        env = np.concatenate([mine.env[others], np.repeat(to, n).astype(np.int32)])
        both: zip[tuple[np.ndarray, np.ndarray]] = zip(mine, theirs, strict=True)
        active = ActiveNews(*(np.concatenate([own[others], new[which]]) for own, new in both))
        self._n_active = len(env)
        self._active = grown(active._replace(env=env), max(len(self._active.end), self._n_active))

    def nbytes(self) -> int:
        return nbytes(self.fundamentals, self.rates, self._active) + self.sentiment.nbytes

    def _known(self, moment: Moment, told: Sequence[News]) -> tuple[News, np.ndarray]:
        """The events of a tick, and their environments."""
        news, env = self.tape.now(moment)
        if not told:
            return news, env
        n_envs = len(self.rates.premium)
        parts = [news, *(each for each in told for _ in range(n_envs))]
        events = News._make(np.concatenate(column) for column in zip(*parts, strict=True))
        env = np.concatenate([env, np.tile(np.arange(n_envs), len(told))])
        stamp(events, moment.tick[env], self._config)
        return events, env.astype(np.int32)

    def _hear(self, news: News, env: np.ndarray, out_news: np.ndarray) -> None:
        if len(env) == 0:
            self.news, out_news[:] = news, 0.0
            return
        of = (self.fundamentals, self.rates)
        apply_news(news, env, 0, len(env), *of, self._symbols, out_news)
        n = self._n_active
        if n + len(env) > len(self._active.end):
            self._active = grown(self._active, 2 * (n + len(env)))
        added = slice(n, n + len(env))
        single = news.symbol >= 0
        self._active.env[added] = env
        self._active.sector[added] = news.sector
        self._active.weight[added] = np.where(single, self._share[news.sector], 1.0)
        self._active.sentiment[added] = news.sentiment
        self._active.end[added] = news.tick + news.duration
        self._n_active += len(env)
        mine = np.flatnonzero(env == 0)
        self.news = News._make(column[mine] for column in news)
        self.news.news_id[:] = self._told + 1 + np.arange(len(mine))
        self._told += len(mine)


def _rates(config: Config, n_envs: int) -> Rates:
    rates = allocate(Rates, n_envs)
    rates.risk_free[:] = config.economy.risk_free_rate
    rates.premium[:] = config.economy.equity_risk_premium
    return rates


def _fundamentals(config: Config, rates: Rates) -> Fundamentals:
    n = len(config.symbols)
    rows = allocate(Fundamentals, n * len(rates.premium))
    for row, symbol in enumerate(config.symbols):
        mine = slice(row, None, n)
        rows.growth[mine], rows.payout[mine] = symbol.growth, symbol.payout
        rows.beta[mine], rows.sector[mine] = symbol.beta, Sector(symbol.sector)
        discount = rates.risk_free[0] + symbol.beta * rates.premium[0]
        each = gordon(1.0, symbol.payout, symbol.growth, discount, config.economy.least_spread)
        fair = symbol.initial_price_units / each
        rows.eps[mine] = fair if symbol.eps is None else symbol.eps * PRICE_SCALE
    rows.eps_anchor[:] = rows.eps
    return rows


def _diffusion(config: Config) -> Diffusion:
    process, per_year = config.fair_value, config.ticks_per_year
    grows = process.process == FairValueProcess.GBM
    reverts = process.process == FairValueProcess.MEAN_REVERTING
    own = (symbol.volatility for symbol in config.symbols)
    yearly = np.array([process.volatility if each is None else each for each in own], np.float64)
    return Diffusion(
        process.drift / per_year if grows else 0.0,
        yearly / np.sqrt(per_year) if grows or reverts else np.zeros_like(yearly),
        process.reversion / config.ticks_per_day if reverts else 0.0,
        process.correlation,
        process.sector_correlation,
        config.economy.least_spread,
        len(config.symbols),
        _cascade(config),
    )


def _cascade(config: Config) -> Cascade:
    of, moves = config.fair_value.cascade, config.fair_value.process != FairValueProcess.CONSTANT
    n = of.factors if moves else 0
    horizons = np.geomspace(of.shortest_minutes, of.longest_minutes, n) * config.ticks_per_minute
    chance = -np.expm1(-1.0 / horizons)
    high = np.arange(n + 1)
    variance = (1.0 + of.swing) ** high * (1.0 - of.swing) ** (n - high)
    return Cascade(np.rint(chance * (1 << 31)).astype(np.uint64), np.sqrt(variance))
