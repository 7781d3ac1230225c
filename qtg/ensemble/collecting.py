"""Markets are run, and what could be seen, was done and came of it is written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from qtg.schemas import F64, PRICE_SCALE, Account

from ..agents.market_rows import MarketRows, market_contract
from ..exchange import Exchange
from ..simulation import Simulation
from .samples import Samples, forward_returns, joined
from .settings import EnsembleConfig

_BYTES = 1 << 28  # of what agents did, at a time
Told = Callable[[int, int], Any]  # episodes that are done, of how many


class Watched(NamedTuple):
    """What was written down of some episodes, run side by side."""

    x: F64  # (ticks, symbols, episodes, feature)
    mid: F64  # (ticks, symbols, episodes): at the start of each tick [currency]
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
    """Stands before the agents of tier 1 and sees what they see."""

    most_orders = 0

    def __init__(self, sim: Simulation, features: Sequence[str]) -> None:
        symbols = np.arange(len(sim.symbols), dtype=np.int32)
        contract = market_contract(features)
        self._rows = MarketRows(sim.exchange, sim.board, symbols, contract)
        self.x: list[F64] = []
        self.mid: list[F64] = []
        self.held: list[np.ndarray] = []
        sim.smart.insert(0, self)

    def decide(self, exchange: Exchange) -> None:
        """Write down the tick's start."""
        self.x.append(self._rows.look(exchange).copy())
        self.mid.append(exchange.view.mid[self._rows.market] / PRICE_SCALE)
        self.held.append(exchange.ledger.positions.qty.copy())

    def nbytes(self) -> int:
        """Bytes of columns."""
        return self._rows.nbytes()

    def state(self) -> dict[str, Any]:
        """A run that is watched is not continued."""
        return {}

    def restore(self, state: Any) -> None:
        """See `state`."""


def watch(sim: Simulation, config: EnsembleConfig) -> Watched:
    """Run a market from its opening to its end."""
    watcher = Watcher(sim, config.features)
    sim.run(config.market.warmup.ticks)
    opening = equity(sim)
    held = sim.exchange.ledger.positions.qty.copy()
    before = sim.exchange.view.mid.copy()
    moved = []
    for _ in range(config.market.ticks):
        sim.step()
        now = sim.exchange.ledger.positions.qty
        moved.append(np.sign(now - watcher.held.pop()).astype(np.int8))
    gained = equity(sim) - opening - drift(sim, held, before)
    n = len(sim.exchange.populations)
    symbols, ticks = len(sim.symbols), config.market.ticks
    return Watched(
        np.array(watcher.x).reshape(ticks, symbols, n, -1),
        np.array(watcher.mid).reshape(ticks, symbols, n),
        np.array(moved).reshape(ticks, n, -1, symbols),
        gained,
    )


def equity(sim: Simulation) -> F64:
    """Cash, and shares at the mid, of every account, float64 (episodes, agents) [currency]."""
    ledger, n = sim.exchange.ledger, len(sim.exchange.populations)
    worth = _worth(sim, ledger.positions.qty, sim.exchange.view.mid)
    return np.asarray(ledger.accounts.cash.reshape(n, -1) / PRICE_SCALE + worth)


def drift(sim: Simulation, held: np.ndarray, before: np.ndarray) -> F64:
    """What shares `held` have made by lying there since the mids were `before`, as `equity`."""
    return _worth(sim, held, sim.exchange.view.mid) - _worth(sim, held, before)


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
    """Rows with a known future; features of a tick are from its start, returns from later."""
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
