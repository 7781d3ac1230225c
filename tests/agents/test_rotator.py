"""Sector rotators: weights by the mood of the sectors, kept by rebalancing."""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

import qtg
from qtg.kernels.rotator import sector_weights
from qtg.schemas import NewsKind, Sector, Side
from qtg.simulation import Simulation
from tests.simulation.small import PRICE, SYMBOL

from .market import Outgoing, market, population
from .test_news_reactor import SILENT, tell

SECTORS = len(Sector)
THREE = [
    {**SYMBOL, "symbol": name, "sector": sector, "shares_outstanding": 10**7}
    for name, sector in (("A", "tech"), ("B", "tech"), ("C", "energy"))
]
PARAMS = {
    "scale": 0.5,
    "floor": 0.1,
    "cap": 0.9,
    "drift": 0.02,
    "invested": 0.8,
    "threshold": 0.2,
    "interval": 40,
    "lifetime": 4,
}


def weights(mood: np.ndarray, scale: float, floor: float, cap: float, members: Any) -> np.ndarray:
    out = np.zeros(SECTORS)
    sector_weights(mood, scale, floor, cap, np.asarray(members, np.float64), out)
    return out


@pytest.mark.parametrize("seed", range(8))
def test_weights_are_the_nearest_within_floor_and_cap(seed: int) -> None:
    rng = np.random.default_rng(seed)
    members = rng.integers(0, 3, SECTORS)
    members[:3] = 1
    n = int((members > 0).sum())
    mood = np.where(rng.random(SECTORS) < 0.7, rng.normal(0, 0.5, SECTORS), 0.0)
    scale, floor, cap = float(rng.random()), 0.3 / n, min(2.0 / n, 1.0)
    found = weights(mood, scale, floor, cap, members)
    assert found.sum() == pytest.approx(1.0, abs=1e-12)
    assert (found[members == 0] == 0).all()
    wish = (1.0 / n + scale * mood)[members > 0]
    nearest = minimize(
        lambda w: ((w - wish) ** 2).sum(),
        np.full(n, 1.0 / n),
        bounds=[(floor, cap)] * n,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1.0},
        tol=1e-14,
    )
    assert found[members > 0] == pytest.approx(nearest.x, abs=1e-6)


def test_without_a_mood_all_sectors_weigh_the_same() -> None:
    found = weights(np.zeros(SECTORS), 0.5, 0.0, 1.0, np.ones(SECTORS))
    assert found == pytest.approx(np.full(SECTORS, 0.1), abs=1e-12)


def rotating(cash: float = 100_000, shares: int = 1_000, **params: float) -> Outgoing:
    group = population(
        "sector_rotator", cash=cash, shares=shares, params={**PARAMS, **params}, latency=0
    )
    seen = market(group, symbols=THREE, news=SILENT)
    (rotators,) = seen.sim.reactive.rotators
    rotators.rows.wake_tick[:] = 10**9
    seen.step()
    return seen


def expected_orders(seen: Outgoing, params: dict[str, float]) -> list[tuple[int, int, int]]:
    """(market, side, qty) by plain arithmetic, from what the rotator sees."""
    sim = seen.sim
    (agent,) = sim.agents("sector_rotator")
    held = sim.exchange.ledger.positions.qty[agent].tolist()
    cash = int(sim.exchange.ledger.accounts.cash[agent])
    mood = sim.economy.sentiment[0]
    sectors = [int(Sector.TECH), int(Sector.TECH), int(Sector.ENERGY)]
    members = np.bincount(sectors, minlength=SECTORS)
    target = weights(mood, params["scale"], params["floor"], params["cap"], members)
    equity = cash + sum(qty * PRICE for qty in held)
    orders = []
    for side in (-1, 1):
        for symbol, sector in enumerate(sectors):
            wanted = params["invested"] * target[sector] / members[sector] * equity
            gap = wanted - held[symbol] * PRICE
            if side * gap > params["drift"] * equity:
                qty = int(side * gap / PRICE)
                qty = min(qty, held[symbol] if side < 0 else cash // PRICE)
                cash -= qty * PRICE if side > 0 else 0
                orders.append((symbol, side, qty))
    return [order for order in orders if order[2] > 0]


def test_news_wakes_it_and_it_rebalances_sales_first() -> None:
    seen = rotating()
    tell(seen, kind=NewsKind.SECTOR, sector=int(Sector.ENERGY), sentiment=0.9)
    # The mood moves in the tick of the news, before anybody decides.
    sent = [(m.market, m.side, m.qty) for m in seen.sent_last()]
    assert sent == expected_orders(seen, PARAMS)
    assert [side for _, side, _ in sent] == [Side.SELL, Side.SELL, Side.BUY]


@pytest.mark.parametrize("sentiment", [0.19, -0.19])
def test_it_sleeps_through_weak_news(sentiment: float) -> None:
    seen = rotating()
    assert tell(seen, kind=NewsKind.SECTOR, sector=1, sentiment=sentiment) == []


def test_it_leaves_small_drifts_alone() -> None:
    seen = rotating(cash=75_000, invested=0.8, scale=0.0)
    # 100,000 each of three symbols, of 375,000 in all: 0.2667 where 0.2, 0.2 and 0.4 are wanted.
    tell(seen, kind=NewsKind.SECTOR, sector=0, sentiment=0.5)
    assert len(seen.sent_last()) == 3
    calm = rotating(cash=75_000, scale=0.0, drift=0.15)
    assert tell(calm, kind=NewsKind.SECTOR, sector=0, sentiment=0.5) == []


def test_it_looks_at_its_interval_too() -> None:
    seen = rotating(cash=500_000, scale=0.0)
    (rotators,) = seen.sim.reactive.rotators
    rotators.rows.wake_tick[:] = seen.sim.tick + 2
    assert seen.step() == []
    assert [m.side for m in seen.step()] == [Side.BUY] * 3
    assert rotators.rows.wake_tick[0] == seen.sim.tick + 40


def test_it_buys_no_more_than_its_cash() -> None:
    seen = rotating(cash=1_000, shares=0, scale=0.0)
    tell(seen, kind=NewsKind.SECTOR, sector=0, sentiment=0.5)
    spent = sum(m.qty * m.price for m in seen.sent_last())
    assert 0 < spent <= 1_000 * 10_000


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"floor": 0.6, "cap": 0.9}, "weights of at least 0.6 sum to more than 1"),
        ({"floor": 0.0, "cap": 0.3}, "weights of at most 0.3 sum to less than 1"),
        ({"floor": 0.5, "cap": 0.4}, "floor must stay below cap"),
    ],
)
def test_weights_that_cannot_sum_to_one_are_refused(
    params: dict[str, float], sentence: str
) -> None:
    with pytest.raises(qtg.ConfigError, match=sentence):
        rotating(**params)


@pytest.mark.compiled
def test_a_batch_of_environments_rotates_as_each_alone() -> None:
    config = qtg.Config.preset("quick_test", ticks=80, seed=9).with_(
        {"warmup.ticks": 0, "news.sector.frequency": 0.05, "news.macro.frequency": 0.02},
    )
    config = config.with_(
        reactive=[population("sector_rotator", 20, params={"interval": 20, "drift": 0.005})]
    )
    batch = Simulation(config, envs=[0, 3]).run(80)
    assert batch.trace_hashes == [
        Simulation(config, envs=[env]).run(80).trace_hash for env in (0, 3)
    ]
    assert batch.reactive.rotators[0].rows.wake_tick.max() > 80
