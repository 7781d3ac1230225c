"""Noise traders: random side, symbol, price and size, within what they own."""

import numpy as np
import pytest
from scipy import stats

from qtg.schemas import MsgType, OrdType, Reason, Side, TimeInForce
from tests.reference.rules import Message
from tests.simulation.small import PRICE, events_of

from .market import CHANCE, FINE, market, population

PARAMS = {"deviation": 0.001, "market_share": 0.3, "size": 60, "lifetime": 20}


@pytest.fixture(scope="module")
def orders() -> list[tuple[int, Message]]:
    """Some 4,000 orders of rich noise traders around a constant fair value."""
    group = population("noise_trader", 100, cash=10**9, shares=50_000, params=PARAMS)
    seen = market(group, symbols=[{**FINE, "shares_outstanding": 10_000_000}])
    for _ in range(40):
        assert len(seen.step()) == 100
    return seen.sent


@pytest.mark.compiled
def test_limit_prices_are_normal_around_fair_value(orders: list[tuple[int, Message]]) -> None:
    prices = np.array([m.price for _, m in orders if m.ord_type == OrdType.LIMIT])
    scatter = (prices / PRICE - 1) / 0.001
    assert stats.kstest(scatter, "norm").pvalue > CHANCE


@pytest.mark.compiled
def test_sides_and_order_types_have_their_shares(orders: list[tuple[int, Message]]) -> None:
    buys = sum(m.side == Side.BUY for _, m in orders)
    at_market = sum(m.ord_type == OrdType.MARKET for _, m in orders)
    assert stats.binomtest(buys, len(orders), 0.5).pvalue > CHANCE
    assert stats.binomtest(at_market, len(orders), 0.3).pvalue > CHANCE
    both = sum(m.side == Side.BUY and m.ord_type == OrdType.MARKET for _, m in orders)
    assert stats.binomtest(both, at_market, 0.5).pvalue > CHANCE, "a side each"
    assert {m.msg_type for _, m in orders} == {MsgType.NEW}


@pytest.mark.compiled
def test_sizes_scatter_around_their_mean(orders: list[tuple[int, Message]]) -> None:
    """0.5 plus the absolute value of a standard normal number, times `size`, rounded down."""
    folded = np.array([m.qty for _, m in orders]) / 60 - 0.5
    assert stats.kstest(folded + 0.5 / 60, stats.halfnorm.cdf).pvalue > CHANCE


@pytest.mark.compiled
def test_side_price_and_size_are_drawn_apart(orders: list[tuple[int, Message]]) -> None:
    limits = [m for _, m in orders if m.ord_type == OrdType.LIMIT]
    table = np.array([(m.side, m.price, m.qty) for m in limits], float)
    correlation = np.corrcoef(table.T)
    assert np.abs(correlation[np.triu_indices(3, 1)]).max() < 0.06


@pytest.mark.compiled
def test_limit_orders_expire_after_their_lifetime(orders: list[tuple[int, Message]]) -> None:
    for tick, m in orders:
        if m.ord_type == OrdType.LIMIT:
            assert (m.tif, m.expire_tick) == (TimeInForce.GTT, tick + 20)


def test_lifetime_starts_on_arrival() -> None:
    group = population("noise_trader", 5, latency=4, params=PARAMS | {"market_share": 0})
    seen = market(group, latency__enabled=True)
    assert {m.expire_tick for m in seen.step()} == {1 + 4 + 20}
    assert {m.latency_ticks for _, m in seen.sent} == {4}


def test_prices_lie_on_the_grid_and_quantities_are_lots() -> None:
    coarse = {"symbol": "A", "initial_price": "100.00", "tick_size": "0.05", "lot_size": 25}
    seen = market(population("noise_trader", 50, params=PARAMS), symbols=[coarse])
    sent = [m for _ in range(10) for m in seen.step()]
    assert {m.price % 500 for m in sent} == {0}
    assert {m.qty % 25 for m in sent} == {0}
    assert min(m.qty for m in sent) == 25
    assert Reason.OFF_TICK not in {e["reason"] for e in events_of(seen.sim)}


def test_nobody_sells_more_than_is_free() -> None:
    poor = population("noise_trader", 200, shares=7, params=PARAMS | {"market_share": 0})
    seen = market(poor, population("noise_trader", 50, shares=0, params=PARAMS))
    sellers = {m.agent: m.qty for m in seen.step() if m.side == Side.SELL}
    assert set(sellers.values()) == {7}
    assert 80 < len(sellers) < 120
    assert max(sellers) < 206, "who has nothing sells nothing"
    for _ in range(5):
        seen.step()
        assert all(e["reason"] != Reason.INSUFFICIENT_SHARES for e in events_of(seen.sim))


def test_a_worthless_fair_value_still_gives_a_price() -> None:
    penny = {"symbol": "A", "initial_price": "0.01", "tick_size": "0.01"}
    seen = market(population("noise_trader", 50, params=PARAMS | {"deviation": 2}), symbols=[penny])
    prices = [m.price for _ in range(5) for m in seen.step() if m.ord_type == OrdType.LIMIT]
    assert min(prices) == 100
    assert max(prices) > 100
