"""The news of a run: drawn ahead, as columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from qtg.kernels.news import draw_news, find_news
from qtg.schemas import News, NewsKind, allocate

from .config import Config, NewsConfig
from .config.economy import Event, Scheduled, Unscheduled

BLOCK = 256  # ticks drawn at a time
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


class Block(NamedTuple):
    """The events of some ticks."""

    news: News
    env: np.ndarray  # int32, environment of each event
    starts: np.ndarray  # int64 (ticks + 1,): rows of each tick


class NewsTape:
    """What becomes known in each tick, for every environment of a run.

    News does not depend on what the market does: event k of a run is the same whatever is traded,
    whoever asks and in whichever order.
    """

    def __init__(self, config: Config, envs: np.ndarray, seed: np.uint64) -> None:
        self._config = config
        self._envs, self._seed = envs, seed
        self._settings = _settings(config.news)
        self.sources = _sources(config, self._settings)
        self._first = 1 - BLOCK
        self._block = _block(allocate(News, 0), np.zeros(0, np.int32), self._first)

    def at(self, tick: int) -> tuple[Block, slice]:
        """A block of events, and the rows of it that belong to `tick`."""
        if not self._first <= tick < self._first + BLOCK:
            self._first = (tick - 1) // BLOCK * BLOCK + 1
            self._block = self._draw(self._first)
        place = tick - self._first
        starts = self._block.starts
        return self._block, slice(int(starts[place]), int(starts[place + 1]))

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

    def _draw(self, first: int) -> Block:
        ticks = np.empty(BLOCK * len(self.sources.kind), np.int64)
        sources = np.empty_like(ticks)
        known = self.scheduled(first, first + BLOCK - 1)
        parts, owners = [], []
        for row, env_id in enumerate(self._envs):
            n = find_news(self.sources.chance, self._seed, env_id, first, BLOCK, ticks, sources)
            when = np.concatenate([ticks[:n], known[:, 0]])
            whose = np.concatenate([sources[:n], known[:, 1]])
            parts.append(self._events(env_id, when, whose))
            owners.append(np.full(len(when), row, np.int32))
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        env = np.concatenate(owners)
        order = np.lexsort((env, columns[0]))
        return _block(News._make(column[order] for column in columns), env[order], first)

    def _events(self, env_id: int, tick: np.ndarray, source: np.ndarray) -> News:
        """The events that `source` has at `tick`, in order of tick, then source."""
        order = np.lexsort((source, tick))
        tick, source = tick[order], source[order]
        news = allocate(News, len(tick))
        z, u = np.empty(len(tick)), np.empty(len(tick))
        draw_news(self._seed, env_id, tick, source, len(tick), z, u)
        news.tick[:] = tick
        news.time[:] = self._config.start_ns + (tick - 1) * self._config.tick_ns
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


def _block(news: News, env: np.ndarray, first: int) -> Block:
    starts = np.searchsorted(news.tick, np.arange(first, first + BLOCK + 1))
    return Block(news, env, starts)
