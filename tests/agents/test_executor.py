"""VWAP executors: one order per symbol, given to the desk once."""

from typing import Any

import numpy as np
import pytest

import qtg
from qtg.schemas import Side

from .market import market, population
from .moving import SYMBOLS, TICKS, Moving, config_of, traders, uniform


@pytest.mark.parametrize("low", [-900.0, pytest.param(400.0, marks=pytest.mark.compiled)])
def test_every_order_is_given_once_in_whole_lots(low: float) -> None:
    params = {"size": uniform(low, low + 500), "start": uniform(0, 20), "lifetime": 1}
    group = traders("vwap_executor", 8, params=params, shares=500, symbols=["D", "B", "C"])
    seen = Moving(config_of(group, warmup__ticks=6), envs=[0, 5]).run()
    base = seen.members.shares
    for i in range(16):
        p = seen.params(i)
        first = 6 + 1 + int(p["start"])  # trading begins in tick 7
        for symbol in (3, 1, 2):
            lot = SYMBOLS[symbol].get("lot_size", 1)
            shares = abs(int(p["size"])) // lot * lot
            goal = max(int(base[i, symbol]) + (shares if p["size"] > 0 else -shares), 0)
            wanted = [int(base[i, symbol])] * (first - 1) + [goal] * (TICKS - first + 1)
            assert seen.target[:, i, symbol].tolist() == wanted
    assert not np.diff(seen.target[:, :, 0], axis=0).any(), "A is not theirs"
    if TICKS > 100:  # and all was traded
        last = seen.sim.exchange.ledger.positions.qty[seen.members.agent[:8]]
        np.testing.assert_array_equal(last, seen.target[-1, :8])


@pytest.mark.parametrize(("size", "side"), [(30, Side.BUY), (-30, Side.SELL)])
def test_it_buys_or_sells_when_its_time_has_come(size: int, side: Side) -> None:
    params = {"size": size, "start": 4, "lifetime": 1}
    group = population("vwap_executor", params=params, execution={"style": "immediate"})
    seen = market(group)
    assert [seen.step() for _ in range(4)] == [[]] * 4
    (order,) = seen.step()
    assert (order.side, order.qty) == (side, 30)


@pytest.mark.parametrize(
    ("size", "shares", "start"), [(-30, 0, 0), (0, 100, 0), (9, 100, 0), (-9, 100, 0), (30, 0, 99)]
)
def test_nothing_to_do(size: int, shares: int, start: int) -> None:
    """No shares to sell, no order, less than a lot, or too early."""
    params = {"size": size, "start": start, "lifetime": 1}
    listed = [{"symbol": "A", "initial_price": "100.00", "lot_size": 10}]
    seen = market(population("vwap_executor", params=params, shares=shares), symbols=listed)
    assert [seen.step() for _ in range(70)] == [[]] * 70


def test_an_order_that_is_done_stays_done() -> None:
    """It does not buy again what somebody else has sold for it."""
    params = {"size": 30, "start": 0, "lifetime": 1}
    group = population("vwap_executor", params=params, execution={"style": "immediate"}, shares=0)
    maker: dict[str, Any] = population("market_maker", shares=10_000, params={"size": 500})
    seen = market(maker, group)
    for _ in range(5):
        seen.step()
    assert seen.sim.exchange.ledger.positions.qty[7, 0] == 30
    sent = [m for _ in range(100) for m in seen.step() if m.agent == 7]
    assert sent == []


def test_a_start_before_the_run_is_refused() -> None:
    with pytest.raises(qtg.ConfigError, match="give 0 or more"):
        market(population("vwap_executor", params={"start": -1}))


@pytest.mark.parametrize("kind", ["market_maker", "avellaneda_stoikov", "noise_trader"])
def test_who_places_its_own_orders_takes_no_execution(kind: str) -> None:
    with pytest.raises(qtg.ConfigError, match=f"{kind} places its own orders; remove its `exec"):
        market(population(kind, execution={"style": "twap"}))


def test_tier_2_takes_no_execution() -> None:
    with pytest.raises(qtg.ConfigError, match="threshold_buyer places its own orders; remove"):
        market(population("threshold_buyer", execution={"style": "twap"}))


@pytest.mark.parametrize(
    ("execution", "message"),
    [
        ({"style": "vwop"}, "style.*vwap"),
        ({"ticks": 0}, "ticks"),
        ({"participation": 0}, "participation"),
        ({"participation": 1.1}, "participation"),
        ({"pace": 1}, "pace"),
    ],
)
def test_executions_that_are_none_are_refused(execution: dict[str, Any], message: str) -> None:
    with pytest.raises(qtg.ConfigError, match=message):
        market(population("trend_follower", execution=execution))
