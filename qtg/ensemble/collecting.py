"""Markets are run, and what could be seen, was done and came of it is written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from qtg.kernels.view import read_books
from qtg.schemas import F64, I64, PRICE_SCALE, Account, MarketView, allocate

from ..agents.market_rows import MarketRows, market_contract
from ..exchange import Exchange
from ..simulation import Simulation
from .samples import Samples, forward_returns, joined
from .settings import EnsembleConfig

_BYTES = 1 << 28  # of what agents did, at a time
Told = Callable[[int, int], Any]  # episodes that are done, of how many


class Watched(NamedTuple):
    """What was written down of some episodes, run side by side."""

    x: F64  # (ticks, symbols, episodes, feature): seen before each tick
    mid: F64  # (ticks, symbols, episodes): then [currency]
    moved: np.ndarray  # int8 (ticks, episodes, agents, symbols): sign of what was bought in it
    profit: F64  # (episodes, agents): beyond what the opening shares made [currency]


class Collected(NamedTuple):
    """Samples, and who the winners were that they are about."""

    samples: Samples
    winners: dict[str, int]  # kind -> how many, over all episodes


def collect(config: EnsembleConfig, seeds: Sequence[int], told: Told | None = None) -> Collected:
    """Run a market once for each seed, and make its samples.

    An episode is the environment of that number: its draws do not depend on the others.
    """
    parts, winners = [], dict.fromkeys(_names(config), 0)
    side = _side_by_side(config)
    for first in range(0, len(seeds), side):
        some = list(seeds[first : first + side])
        sim = Simulation(config.market, envs=some)
        watched = watch(sim, config)
        best = winners_of(watched.profit, config.winners)
        parts.append(samples_of(watched, best, some, config))
        for kind in winners:
            winners[kind] += int(best[:, sim.agents(kind)].sum())
        if told is not None:
            told(first + len(some), len(seeds))
    return Collected(joined(parts), winners)


class Watcher:
    """Looks at every symbol at the end of each tick, as agents who follow a model do."""

    def __init__(self, sim: Simulation, features: Sequence[str]) -> None:
        symbols = np.arange(len(sim.symbols), dtype=np.int32)
        contract = market_contract(features)
        self.seen = MarketRows(sim.exchange, sim.board, symbols, contract)
        sim.onlookers.append(self)

    def look(self, exchange: Exchange, warming_up: bool) -> None:
        """See the markets."""
        self.seen.look(exchange)


def watch(sim: Simulation, config: EnsembleConfig) -> Watched:
    """Run a market from its opening to its end."""
    seen = Watcher(sim, config.features).seen
    sim.run(config.market.warmup.ticks)
    opening = held = sim.exchange.ledger.positions.qty.copy()
    equity_before, prices = equity(sim), mids(sim)
    x, mid, moved = [], [], []
    for _ in range(config.market.ticks):
        x.append(seen.rows.copy())
        mid.append(seen.mids)
        now = sim.step().exchange.ledger.positions.qty
        moved.append(np.sign(now - held).astype(np.int8))
        held = now.copy()
    symbols, n, ticks = len(sim.symbols), len(sim.exchange.populations), config.market.ticks
    return Watched(
        np.array(x).reshape(ticks, symbols, n, -1),
        np.array(mid).reshape(ticks, symbols, n),
        np.array(moved).reshape(ticks, n, -1, symbols),
        equity(sim) - equity_before - drift(sim, opening, prices),
    )


def mids(sim: Simulation) -> I64:
    """The mid of every market as it is now, int64 (markets,) [1e-4]; of one without both sides
    the last price."""
    view = allocate(MarketView, sim.exchange.venue.n_markets)
    view.tick_size[:] = sim.exchange.view.tick_size
    read_books(sim.exchange.venue.book_columns, view)
    return view.mid


def equity(sim: Simulation) -> F64:
    """Cash, and shares at the mid, of every account, float64 (episodes, agents) [currency]."""
    ledger, n = sim.exchange.ledger, len(sim.exchange.populations)
    worth = _worth(sim, ledger.positions.qty, mids(sim))
    return np.asarray(ledger.accounts.cash.reshape(n, -1) / PRICE_SCALE + worth)


def drift(sim: Simulation, held: np.ndarray, before: np.ndarray) -> F64:
    """What shares `held` have made by lying there since the mids were `before`, as `equity`."""
    return _worth(sim, held, mids(sim)) - _worth(sim, held, before)


def _worth(sim: Simulation, held: np.ndarray, mid: np.ndarray) -> F64:
    n, symbols = len(sim.exchange.populations), len(sim.symbols)
    price = mid.reshape(n, 1, symbols) / PRICE_SCALE
    return np.asarray((held.reshape(n, -1, symbols) * price).sum(axis=2))


def winners_of(profit: F64, share: float) -> np.ndarray:
    """bool (episodes, agents): the best of each episode, as far as they have gained."""
    own = profit[:, Account.FIRST_AGENT :]
    most = max(1, round(share * own.shape[1]))
    place = np.argsort(np.argsort(-own, axis=1, kind="stable"), axis=1)
    best = np.zeros(profit.shape, bool)
    best[:, Account.FIRST_AGENT :] = (place < most) & (own > 0)
    return best


def samples_of(
    watched: Watched, best: np.ndarray, seeds: Sequence[int], config: EnsembleConfig
) -> Samples:
    """Rows with a known future; what was seen lies before a tick, what came of it after."""
    action = np.sign(np.einsum("teas,ea->tse", watched.moved, best, dtype=np.int64))
    ahead = forward_returns(watched.mid, config.horizon)
    far = forward_returns(watched.mid, config.vectors.horizon)
    known = np.isfinite(ahead) & np.isfinite(far)
    episode = np.broadcast_to(np.array(seeds, np.int64), known.shape)
    return Samples(
        watched.x[known], action[known].astype(np.int8), ahead[known], far[known], episode[known]
    )


def _side_by_side(config: EnsembleConfig) -> int:
    market = config.market
    agents = sum(each.count for each in (*market.smart, *market.reactive)) + Account.FIRST_AGENT
    return max(1, int(_BYTES // (market.ticks * agents * max(len(market.symbols), 1))))


def _names(config: EnsembleConfig) -> list[str]:
    market = config.market
    return list(dict.fromkeys(each.kind for each in (*market.smart, *market.reactive)))
