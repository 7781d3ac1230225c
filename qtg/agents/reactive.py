"""Tier 2: one table of sleeping agents; a bulk pass wakes them, one kernel acts for the woken."""

import numpy as np

from qtg.kernels.random import fill_uniform, lane
from qtg.kernels.reactive import apply_updates, react, wake
from qtg.schemas import ReactiveKind, ReactiveRows, Stream, allocate, nbytes, taken

from ..exchange import Exchange
from .population import Members

_SYMBOL_DRAW, _PHASE_DRAW = 1 << 20, 1 << 21


class ReactiveAgents:
    """All tier 2 agents of a run."""

    def __init__(self, members: list[Members], exchange: Exchange) -> None:
        rows = allocate(ReactiveRows, sum(len(group.agent) for group in members))
        first = 0
        for number, group in enumerate(members):
            mine = slice(first, first + len(group.agent))
            _fill(taken(rows, mine), group, number, exchange)
            first += len(group.agent)
        self.rows = rows
        self.most_orders = len(rows.agent)

    def wake(self, exchange: Exchange, tick: int) -> int:
        """Find who wakes; returns how many."""
        venue = exchange.venue
        random = (venue.seed, venue.envs)
        return int(wake(self.rows, exchange.view, exchange.terms.symbols, random, tick))

    def decide(self, exchange: Exchange, tick: int) -> None:
        """Let the woken act; they also choose their next conditions."""
        react(self.rows, exchange.view, exchange.ledger, exchange.terms, tick, exchange.outbox)

    def apply_updates(self) -> None:
        """Put the conditions chosen during the tick into force."""
        apply_updates(self.rows)

    def nbytes(self) -> int:
        return nbytes(self.rows)


def _fill(rows: ReactiveRows, group: Members, number: int, exchange: Exchange) -> None:
    rows.env[:], rows.agent[:] = group.env, group.agent
    rows.latency[:] = group.latency
    rows.every[:] = group.population.every
    rows.probability[:] = group.population.probability
    rows.kind[:] = ReactiveKind[group.kind.name.upper()]
    for name in ("threshold", "interval", "size", "lifetime"):
        getattr(rows, name)[:] = group.params[name]
    symbols = exchange.terms.symbols
    venue = exchange.venue
    for env, env_id in enumerate(venue.envs):
        mine = group.env == env
        u = np.empty(int(mine.sum()))
        lane_word = lane(env_id, Stream.SETUP)
        fill_uniform(venue.seed, lane_word, _SYMBOL_DRAW + number, u)
        rows.symbol[mine] = group.symbols[(u * len(group.symbols)).astype(np.int64)]
        fill_uniform(venue.seed, lane_word, _PHASE_DRAW + number, u)
        # First looks are spread over an interval, so that a population does not wake as one.
        rows.wake_tick[mine] = 1 + (u * rows.interval[mine]).astype(np.int64)
    rows.reference[:] = exchange.view.last[rows.env * symbols + rows.symbol]
