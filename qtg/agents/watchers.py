"""Tier 2: agents that watch symbols; a bulk pass wakes them, one kernel acts for the woken."""

import numpy as np

from qtg.kernels.random import fill_uniform, lane
from qtg.kernels.reactive import apply_updates, note_fills, react, refresh_blocks, wake
from qtg.schemas import (
    NO_ROW,
    ReactiveKind,
    ReactiveRows,
    Stream,
    WatchBlocks,
    allocate,
    nbytes,
    taken,
)

from ..exchange import Exchange
from ..stateful import Stateful
from .population import Members

BLOCK = 64  # rows
_CONDITIONS = ("below", "above", "wake_tick", "news", "on_fill", "reference")
_CHANGING = (*_CONDITIONS, "filled", "woken")
_SYMBOL_DRAW, _PHASE_DRAW, _WATCH_DRAW = 1 << 20, 1 << 21, 1 << 23


class Watchers(Stateful):
    """All of a run, in one table."""

    STATE = (
        *(f"rows.{name}" for name in _CHANGING),
        *(f"rows.next_{name}" for name in _CONDITIONS),
        *(f"blocks.{name}" for name in ("below", "above", "wake_tick", "news")),
        "_woken",
        "_n_woken",
    )

    def __init__(self, members: list[tuple[int, Members]], exchange: Exchange) -> None:
        symbols = exchange.terms.symbols
        parts = [_rows_of_group(group, number, exchange) for number, group in members]
        rows = _joined(parts)
        market = rows.env * np.int64(symbols) + rows.symbol
        self.rows = taken(rows, np.argsort(market, kind="stable"))
        self.blocks = _blocks(self.rows, symbols)
        self._woken = np.zeros(len(rows.agent), np.int32)
        self._n_woken = 0
        n_agents = len(exchange.ledger.accounts.cash)
        self._rows_of = _rows_by_agent(self.rows, n_agents, exchange.n_agents)
        self._waits_for_fills = bool((rows.take_profit > 0.0).any())
        self.most_orders = len(rows.agent)
        self.refresh()

    def refresh(self) -> None:
        """Take note of conditions that were changed from outside."""
        refresh_blocks(self.rows, self.blocks)

    def wake(self, exchange: Exchange) -> int:
        """Find who wakes; returns how many."""
        if self.most_orders == 0:
            return 0
        before, view, moment = self._n_woken, exchange.view, exchange.moment
        self._n_woken = int(wake(self.rows, self.blocks, self._woken, before, view, moment))
        return self._n_woken

    def decide(self, exchange: Exchange) -> None:
        """Let the woken act; they also choose their next conditions."""
        if self.most_orders == 0:
            return
        react(
            self.rows,
            self._woken,
            self._n_woken,
            exchange.view,
            exchange.ledger,
            exchange.terms,
            exchange.moment,
            exchange.outbox,
        )

    def apply_updates(self, exchange: Exchange) -> None:
        """Put the conditions chosen during the tick into force, and note who was filled."""
        if self.most_orders:
            apply_updates(self.rows, self.blocks, self._woken, self._n_woken)
        if self._waits_for_fills:
            first, end = exchange.first_match, exchange.n_events
            rows, of = (self.rows, self.blocks), self._rows_of
            note_fills(exchange.events, first, end, *rows, of, exchange.terms)

    def take_over(self, envs: np.ndarray, n_envs: int) -> None:
        """Note who woke in environments whose rows were copied from elsewhere; every environment
        has as many rows."""
        each = len(self.rows.agent) // n_envs
        if each == 0:
            return
        before = self._woken[: self._n_woken]
        others = before[~np.isin(before // each, envs)]
        place, row = np.nonzero(self.rows.woken.reshape(n_envs, each)[envs])
        woken = np.sort(np.concatenate([others, envs[place] * each + row]))
        self._n_woken = len(woken)
        self._woken[: self._n_woken] = woken

    def nbytes(self) -> int:
        return nbytes(self.rows, self.blocks) + self._woken.nbytes + self._rows_of.nbytes


def _rows_of_group(group: Members, number: int, exchange: Exchange) -> ReactiveRows:
    """A row for every symbol that each agent of a population watches."""
    watches = group.population.watches
    agents = np.repeat(np.arange(len(group.agent)), watches)
    rows = allocate(ReactiveRows, len(agents))
    rows.env[:], rows.agent[:] = group.env[agents], group.agent[agents]
    rows.latency[:] = group.latency[agents]
    rows.every[:] = group.population.every
    rows.probability[:] = group.population.probability
    rows.kind[:] = ReactiveKind[group.kind.name.upper()]
    for name in ("threshold", "take_profit", "interval", "size", "lifetime"):
        if name in group.params:
            getattr(rows, name)[:] = group.params[name][agents]
    rows.news[:] = np.inf
    venue = exchange.venue
    for env, env_id in enumerate(exchange.populations):
        mine = rows.env == env
        u = np.empty(int(mine.sum()))
        lane_word = lane(env_id, Stream.SETUP)
        rows.symbol[mine] = _watched(group, number, venue.seed, lane_word, len(u))
        fill_uniform(venue.seed, lane_word, _PHASE_DRAW + number, u)
        # First looks are spread over an interval, so that a population does not wake as one.
        rows.wake_tick[mine] = 1 + (u * rows.interval[mine]).astype(np.int64)
    rows.reference[:] = exchange.view.last[rows.env * exchange.terms.symbols + rows.symbol]
    return rows


def _watched(group: Members, number: int, seed: np.uint64, lane_word: int, n: int) -> np.ndarray:
    """int32 (n,): the symbols that agents watch, each agent's all different."""
    watches, of = group.population.watches, len(group.symbols)
    if watches == 1:
        u = np.empty(n)
        fill_uniform(seed, lane_word, _SYMBOL_DRAW + number, u)
        return np.asarray(group.symbols[(u * of).astype(np.int64)])
    u = np.empty(n // watches * of)
    fill_uniform(seed, lane_word, _WATCH_DRAW + number, u)
    chosen = np.argsort(u.reshape(-1, of), axis=1, kind="stable")[:, :watches]
    return np.asarray(group.symbols[np.sort(chosen, axis=1)].ravel())


def _joined(parts: list[ReactiveRows]) -> ReactiveRows:
    if not parts:
        return allocate(ReactiveRows, 0)
    return ReactiveRows(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _blocks(rows: ReactiveRows, symbols: int) -> WatchBlocks:
    """Blocks of at most BLOCK neighbours of one market; writes `rows.block`."""
    market = rows.env * np.int64(symbols) + rows.symbol
    starts = np.flatnonzero(np.diff(market, prepend=-1))
    within = np.arange(len(market)) - np.repeat(starts, np.diff(starts, append=len(market)))
    first = np.flatnonzero(within % BLOCK == 0)
    blocks = allocate(WatchBlocks, len(first))
    blocks.market[:], blocks.first[:] = market[first], first
    blocks.end[:] = np.append(first[1:], len(market))[: len(first)]
    rows.block[:] = np.repeat(np.arange(len(first)), blocks.end - blocks.first)
    return blocks


def _rows_by_agent(rows: ReactiveRows, n_accounts: int, n_agents: int) -> np.ndarray:
    """int32 (account, n): the rows of each account, NO_ROW where it has fewer than n."""
    account = rows.env * np.int64(n_agents) + rows.agent
    count = np.bincount(account, minlength=n_accounts)
    found = np.full((n_accounts, int(count.max(initial=0))), NO_ROW, np.int32)
    order = np.argsort(account, kind="stable")
    place = np.arange(len(order)) - np.repeat(np.cumsum(count) - count, count)
    found[account[order], place] = order
    return found
