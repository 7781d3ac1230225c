"""The news of a run, as columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from qtg.kernels.news import draw_news, find_news
from qtg.kernels.random import Moment
from qtg.schemas import News, NewsKind, allocate

from .config import Config, NewsConfig
from .config.economy import Event, Scheduled, Unscheduled

PER_SYMBOL = (NewsKind.EARNINGS, NewsKind.GUIDANCE, NewsKind.COMPANY)


class Sources(NamedTuple):
    """Where news comes from, one row per source: the economy has two, each sector that is traded
    one, and each symbol one for each kind of news of companies."""

    kind: np.ndarray  # NewsKind
    sector: np.ndarray  # Sector; -1 all
    symbol: np.ndarray  # -1 more than one
    chance: np.ndarray  # float64, in a tick; 0 for what is scheduled
    every: np.ndarray  # int64 ticks between scheduled events; 0 for what is not
    phase: np.ndarray  # int64, tick % every at which they come


class NewsTape:
    """What becomes known in each tick, for every environment of a run.

    News does not depend on what the market does: what an environment hears in a tick is the same
    whatever is traded, whoever asks and in whichever order.
    """

    def __init__(self, config: Config, n_envs: int) -> None:
        self._config = config
        self._settings = _settings(config.news)
        self.sources = _sources(config, self._settings)
        most = n_envs * len(self.sources.kind)
        self._env, self._source = np.empty(most, np.int64), np.empty(most, np.int64)
        self._nothing = allocate(News, 0), np.zeros(0, np.int32)

    def now(self, moment: Moment) -> tuple[News, np.ndarray]:
        """The events of every environment's present tick, and the environment of each, int32."""
        of = self.sources
        timetable = (of.every, of.phase)
        n = find_news(of.chance, timetable, moment, self._env, self._source)
        if n == 0:
            return self._nothing
        env, source = self._env[:n], self._source[:n]
        return self._events(env, source, moment), env.astype(np.int32)

    def scheduled(self, first: int, last: int) -> np.ndarray:
        """The scheduled events of ticks `first` to `last`, in order: int64 (n, 2), tick and row
        of `sources`."""
        found = [np.zeros((0, 2), np.int64)]
        every, phase = self.sources.every, self.sources.phase
        for source in np.flatnonzero(every):
            start = first + (phase[source] - first) % every[source]
            ticks = np.arange(start, last + 1, every[source])
            found.append(np.stack([ticks, np.full_like(ticks, source)], axis=1))
        together = np.concatenate(found)
        return together[np.lexsort((together[:, 1], together[:, 0]))]

    def _events(self, env: np.ndarray, source: np.ndarray, moment: Moment) -> News:
        news = allocate(News, len(env))
        z, u = np.empty(len(env)), np.empty(len(env))
        draw_news(env, source, moment, z, u)
        stamp(news, moment.tick[env], self._config)
        for name in ("kind", "sector", "symbol"):
            getattr(news, name)[:] = getattr(self.sources, name)[source]
        news.scheduled[:] = self.sources.every[source] > 0
        for kind, settings in self._settings.items():
            rows = np.flatnonzero(news.kind == kind)
            news.surprise[rows] = settings.size * z[rows]
            news.sentiment[rows] = np.clip(settings.sentiment * z[rows], -1.0, 1.0)
            news.duration[rows] = np.rint(settings.duration_ticks.quantile(u[rows]))
        news.sentiment[news.kind == NewsKind.RATE_DECISION] *= -1.0  # a cut is good news
        return news


def stamp(news: News, tick: np.ndarray, config: Config) -> None:
    """Write when events happen, each at its tick."""
    news.tick[:] = tick
    news.time[:] = config.start_ns + (tick - 1) * config.tick_ns


def _settings(news: NewsConfig) -> dict[NewsKind, Event]:
    """The settings of each kind; none if there is no news."""
    if not news.enabled:
        return {}
    return {kind: getattr(news, kind.name.lower()) for kind in NewsKind}


def _sources(config: Config, settings: dict[NewsKind, Event]) -> Sources:
    sectors = [int(symbol.sector) for symbol in config.symbols]
    n = len(sectors)
    rows: list[tuple[int, int, int, float, int, int]] = []

    def add(kind: NewsKind, sector: int, symbol: int, place: int, places: int) -> None:
        of = settings.get(kind)
        chance = of.frequency if isinstance(of, Unscheduled) else 0.0
        every = of.every_ticks if isinstance(of, Scheduled) else 0
        rows.append((kind, sector, symbol, chance, every, every * place // places))

    add(NewsKind.MACRO, -1, -1, 0, 1)
    add(NewsKind.RATE_DECISION, -1, -1, 0, 1)
    for sector in sorted(set(sectors)):
        add(NewsKind.SECTOR, sector, -1, 0, 1)
    for symbol, sector in enumerate(sectors):
        for kind in PER_SYMBOL:
            # Reports are spread over their interval.
            add(kind, sector, symbol, symbol + 1, n + 1)
    kinds, whose, symbols, chance, every, phase = zip(*rows, strict=True)
    return Sources(
        np.array(kinds, np.int8),
        np.array(whose, np.int8),
        np.array(symbols, np.int32),
        np.array(chance, np.float64),
        np.array(every, np.int64),
        np.array(phase, np.int64),
    )
