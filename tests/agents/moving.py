"""Markets that move by themselves, and what the traders of one population wanted in them."""

from typing import Any

import numpy as np

import qtg
from qtg.schemas import MarketView
from qtg.simulation import Simulation
from tests.simulation.small import quiet
from tests.sizes import sized

TICKS = sized(300, 66)
BAR = 3
SYMBOLS: list[dict[str, Any]] = [
    {"symbol": "A", "initial_price": "100.00", "sector": "tech", "beta": 1.3, "growth": 0.05},
    {"symbol": "B", "initial_price": "40.00", "sector": "energy", "lot_size": 10, "payout": 0.7},
    {"symbol": "C", "initial_price": "250.00", "sector": "tech", "lot_size": 5, "beta": 0.8},
    {"symbol": "D", "initial_price": "17.00", "sector": "finance", "growth": 0.01},
]
# They quote so much that a child order fills at once, and trade among each other.
MAKERS = {
    "kind": "market_maker",
    "count": 2,
    "cash": 1e9,
    "shares": 400_000,
    "params": {"half_spread": 0.0002, "skew": 0.0, "size": 20_000},
}
NOISE = {
    "kind": "noise_trader",
    "count": 6,
    "cash": 1e6,
    "shares": 1_000,
    "params": {"market_share": 0.5},
}
WINDOWS = {"fast": {"kind": "uniform", "low": 2, "high": 4}, "slow": 9}


def uniform(low: float, high: float) -> dict[str, Any]:
    """A uniform distribution, as a configuration has it."""
    return {"kind": "uniform", "low": low, "high": high}


def traders(kind: str, count: int = 8, **fields: Any) -> dict[str, Any]:
    """A population with some shares of everything and enough cash."""
    return {"kind": kind, "count": count, "cash": 1e6, "shares": uniform(0, 400)} | fields


def config_of(*groups: dict[str, Any], **changes: Any) -> qtg.Config:
    """Four stocks that wander, makers and noise traders, and these populations."""
    base: dict[str, Any] = {
        "symbols": [{**each, "shares_outstanding": 10_000_000} for each in SYMBOLS],
        "bar_ticks": BAR,
        "ticks": TICKS,
        "fair_value": {"process": "gbm", "volatility": 2.0},
        "smart": [MAKERS, NOISE, *groups],
    }
    return quiet({**base, **{key.replace("__", "."): value for key, value in changes.items()}})


class Moving:
    """Steps a simulation and keeps, per tick, what its last population saw and wanted.

    After `run`, shapes are (tick, market) for what was seen at the start of each tick, and
    (tick, agent, symbol) for the desk at its end; row 0 is tick 1.
    """

    def __init__(self, config: qtg.Config, **options: Any) -> None:
        self.sim = Simulation(config, **options)
        self.group: Any = self.sim.smart[-1]
        self.members = self.sim._members[len(self.sim.smart) - 1]
        self.n_symbols = len(config.symbols)
        self.bar = config.bar_ticks
        self._seen: dict[str, list[np.ndarray]] = {}
        update = self.sim.board.update

        def noting(view: MarketView, tick: np.ndarray) -> None:
            for name in ("mid", "fair_value", "volume", "news"):
                self._keep(name, getattr(view, name))
            accounts, positions = self.sim.exchange.ledger[:2]
            self._keep("held", positions.qty)
            self._keep("free_cash", accounts.cash - accounts.reserved)
            update(view, tick)

        self.sim.board.update = noting  # type: ignore[method-assign]

    def run(self, ticks: int = TICKS) -> "Moving":
        for _ in range(ticks):
            self.sim.step()
            for name in ("stance", "target") if hasattr(self.group, "desk") else ():
                self._keep(name, getattr(self.group.desk, name))
        return self

    def __getattr__(self, name: str) -> np.ndarray:
        """What was kept under a name, stacked."""
        return np.array(self.__dict__["_seen"][name])

    def params(self, i: int) -> dict[str, float]:
        """Drawn parameters of trader `i`."""
        return {name: float(values[i]) for name, values in self.members.params.items()}

    def closes(self) -> np.ndarray:
        """float64 (bar, market): the mid at each tick that ends a bar [currency]."""
        return self.mid[self.bar - 1 :: self.bar] / 1e4

    def market(self, i: int, symbol: int) -> int:
        """Row of a trader's market."""
        return int(self.members.env[i]) * self.n_symbols + symbol

    def has_turn(self, i: int, tick: int) -> bool:
        """Whether trader `i` may act in a tick, by `every` alone."""
        return (tick + int(self.members.agent[i])) % self.members.population.every == 0

    def _keep(self, name: str, column: np.ndarray) -> None:
        self._seen.setdefault(name, []).append(column.copy())


def at_ticks(bars: np.ndarray, bar: int, ticks: int) -> np.ndarray:
    """(ticks, ...): per tick, the reading of the last bar that has ended; NaN before the first."""
    blank = np.full((1, *bars.shape[1:]), np.nan)
    return np.concatenate([blank, bars])[np.arange(1, ticks + 1) // bar]


def goal(seen: Moving, i: int, symbol: int, stance: int, shares: float) -> int:
    """`shares` more or less than the trader began with, in whole lots, and never short."""
    lot = seen.sim.config.symbols[symbol].lot_size
    lots = max(int(shares) // lot, 1)
    return max(int(seen.members.shares[i, symbol]) + stance * lots * lot, 0)
