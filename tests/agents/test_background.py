"""Tier 3: a statistical pool whose orders follow the configured distributions."""

import logging
from typing import Any

import numpy as np
import pytest
from scipy import stats

import qtg
from qtg.agents.background import pool_is_sane, pool_pnl
from qtg.config import MOODS, REGIMES
from qtg.schemas import ExecType, MsgType, OrdType, Regime, Side, TimeInForce
from qtg.simulation import Simulation
from tests.clocks import at
from tests.reference.rules import Message
from tests.simulation.small import SYMBOL, events_of, lively, messages_of, quiet, start

from .market import CHANCE

PRICE = 10_000_000  # 1,000.00: far from the price at which offsets would be cut
STEP = 100
SYMBOLS = [{**SYMBOL, "symbol": name, "initial_price": "1000.00"} for name in "ABC"]


def pool(count: int = 5_000, **background: Any) -> Simulation:
    """A market of the pool alone, without latency."""
    changes = {"symbols": SYMBOLS, "smart": [], "background": {"count": count, **background}}
    return start(quiet(changes))


def written(sim: Simulation, ticks: int = 1) -> list[Message]:
    """What the pool writes in these ticks, looking at books that stay empty."""
    found = []
    for tick in range(1, ticks + 1):
        sim.background.decide(at(sim, tick), sim.economy)
        arriving, _, _, n = sim.exchange.due()
        found += messages_of(arriving, n)
    return found


def rounded(cdf: Any, values: np.ndarray, least: int = 0) -> float:
    """p-value that whole numbers are draws of a distribution, rounded, at least `least`."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, 25)[1:-1]).astype(int)) + 0.5
    observed = np.histogram(values, [-np.inf, *edges, np.inf])[0]
    inner = cdf(edges[edges > least])
    inner = np.concatenate([np.zeros((edges <= least).sum()), inner])
    expected = np.diff(np.concatenate([[0.0], inner, [1.0]])) * len(values)
    assert len(observed) > 3
    return float(stats.chisquare(observed, expected).pvalue)


@pytest.mark.compiled
@pytest.mark.parametrize("regime", MOODS)
def test_as_many_orders_as_the_regime_says(regime: Regime) -> None:
    share = REGIMES[regime].activity
    sim = pool(1_000, regime=regime.name.lower())
    counts = np.array([sim.background.decide(at(sim, tick), sim.economy) for tick in range(1, 301)])
    expected = stats.binom(1_000, share)
    error = expected.std() / np.sqrt(300)
    assert abs(counts.mean() - expected.mean()) < 3.5 * error
    assert 0.75 < counts.var() / expected.var() < 1.3
    assert (
        stats.kstest(counts + 0.5, stats.norm(1_000 * share + 0.5, expected.std()).cdf).pvalue
        > CHANCE
    )


@pytest.mark.parametrize(("activity", "expected"), [(0.0, 0), (1.0, 400)])
def test_activity_may_be_nobody_or_everybody(activity: float, expected: int) -> None:
    sim = pool(400, activity=activity)
    assert [sim.background.decide(at(sim, tick), sim.economy) for tick in range(1, 6)] == [
        expected
    ] * 5


def test_orders_are_limit_orders_of_the_pool_and_those_that_cross_do_not_rest() -> None:
    found = written(pool())
    assert {(m.msg_type, m.ord_type, m.agent, m.latency_ticks) for m in found} == {
        (MsgType.NEW, OrdType.LIMIT, 0, 0)
    }
    for m in found:
        inside = (m.price - PRICE) * m.side
        assert inside == 0 or (m.tif == TimeInForce.IOC) == (inside > 0)
        assert m.tif in (TimeInForce.IOC, TimeInForce.GTT)
    assert {m.price % STEP for m in found} == {0}
    counts = np.bincount([m.market for m in found])
    assert stats.chisquare(counts).pvalue > CHANCE


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("mood", "contrarian"), [(0.0, 0.25), (0.6, 0.25), (-0.6, 0.25), (1.0, 0.0), (0.8, 1.0)]
)
def test_sides_follow_sentiment_but_for_the_contrarians(mood: float, contrarian: float) -> None:
    sim = pool(
        20_000,
        activity=1.0,
        contrarian=contrarian,
        sentiment_decay=1.0,
        metaorders={"count": 0},
    )
    sim.background.pool.sentiment[:] = mood
    sim.background.decay(at(sim, 1), sim.economy)
    assert sim.background.pool.sentiment.tolist() == [mood] * 3
    buys = sum(m.side == Side.BUY for m in written(sim))
    share = 0.5 + 0.5 * mood * (1 - 2 * contrarian)
    if share in (0.0, 1.0):
        assert buys == share * 20_000
    else:
        assert stats.binomtest(buys, 20_000, share).pvalue > CHANCE


def test_sentiment_is_a_stationary_process_with_the_regimes_volatility() -> None:
    sim = pool(0, sentiment_decay=0.9, sentiment_volatility=0.15)
    path = []
    for tick in range(1, 4_001):
        sim.background.decay(at(sim, tick), sim.economy)
        path.append(sim.background.pool.sentiment.copy())
    moods = np.array(path)[200:]
    assert np.abs(moods.mean(axis=0)).max() < 0.03
    assert np.allclose(moods.std(axis=0), 0.15, rtol=0.1)
    for m in range(3):
        assert abs(np.corrcoef(moods[1:, m], moods[:-1, m])[0, 1] - 0.9) < 0.03
    assert np.abs(np.corrcoef(moods.T)[np.triu_indices(3, 1)]).max() < 0.15


def test_sentiment_is_clamped() -> None:
    sim = pool(0, sentiment_volatility=1.0, sentiment_decay=0.5, sentiment_clamp=0.3)
    moods = []
    for tick in range(1, 200):
        sim.background.decay(at(sim, tick), sim.economy)
        moods += sim.background.pool.sentiment.tolist()
    assert (min(moods), max(moods)) == (-0.3, 0.3)


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("offset", "cdf"),
    [
        ({"kind": "loglogistic", "median": 12, "shape": 2}, stats.fisk(2, scale=12).cdf),
        ({"kind": "exponential", "mean": 10}, stats.expon(scale=10).cdf),
        ({"kind": "lognormal", "median": 40, "sigma": 0.7}, stats.lognorm(0.7, scale=40).cdf),
        ({"kind": "uniform", "low": 5, "high": 60}, stats.uniform(5, 55).cdf),
        (
            {"kind": "power_law", "minimum": 5, "alpha": 1.5, "maximum": 2_000},
            stats.truncpareto(1.5, 400, scale=5).cdf,
        ),
    ],
)
def test_passive_prices_lie_away_from_the_mid_as_configured(offset: Any, cdf: Any) -> None:
    found = written(pool(20_000, activity=1.0, aggressive=0.0, offset_ticks=offset))
    away = np.array([(PRICE - m.price) * m.side // STEP for m in found])
    assert away.min() >= 0
    assert rounded(cdf, away) > CHANCE
    buys = np.array([m.side for m in found]) > 0
    assert stats.ks_2samp(away[buys], away[~buys]).pvalue > CHANCE


@pytest.mark.compiled
def test_aggressive_prices_lie_past_the_mid_as_configured() -> None:
    offset = {"kind": "uniform", "low": 1_000, "high": 2_000}
    through = {"kind": "exponential", "mean": 8}
    terms = {"offset_ticks": offset, "aggressive_ticks": through, "aggressive": 0.15}
    sim = pool(20_000, activity=1.0, **terms)
    past = np.array([(m.price - PRICE) * m.side // STEP for m in written(sim)])
    aggressive = past[past >= 0]
    # 0.15 is drawn with eight bits: 39 of 256 words
    assert stats.binomtest(len(aggressive), 20_000, 39 / 256).pvalue > CHANCE
    assert rounded(stats.expon(scale=8).cdf, aggressive) > CHANCE
    assert past[past < 0].max() <= -1_000


@pytest.mark.compiled
def test_sizes_and_lifetimes_are_as_configured() -> None:
    lots = [{**each, "lot_size": 5, "shares_outstanding": 10**6} for each in SYMBOLS]
    background = {
        "count": 20_000,
        "activity": 1.0,
        "lifetime_ticks": {"kind": "exponential", "mean": 12},
    }
    sim = start(quiet({"symbols": lots, "smart": [], "background": background}))
    found = written(sim)
    sizes = np.array([m.qty for m in found])
    assert (sizes % 5 == 0).all()
    assert rounded(stats.lognorm(1.0, scale=30).cdf, sizes // 5, least=1) > CHANCE
    resting = np.array([m.tif == TimeInForce.GTT for m in found])
    lifetimes = np.array([m.expire_tick for m in found])[resting] - 1
    assert lifetimes.min() == 1
    assert rounded(stats.expon(scale=12).cdf, lifetimes, least=1) > CHANCE
    assert abs(stats.spearmanr(sizes[resting], lifetimes).statistic) < 0.03


@pytest.mark.compiled
def test_the_tail_reaches_beyond_the_last_of_the_table() -> None:
    heavy = {"kind": "power_law", "minimum": 1, "alpha": 1.0, "maximum": 10**8}
    sim = pool(100_000, activity=1.0, size=heavy)
    sizes = np.array([m.qty for m in written(sim)])
    # the last of 4,096 quantiles is 4,096 and more: about 24 draws, of which some lie far out
    beyond = sizes[sizes >= 4_096]
    assert 8 < len(beyond) < 48
    assert len(set(beyond.tolist())) > len(beyond) // 2
    assert beyond.max() > 12_000


@pytest.mark.parametrize(
    ("anchor", "centre"), [(0.0, 10_000_000), (0.25, 10_050_000), (1.0, 10_200_000)]
)
def test_prices_scatter_around_the_mid_pulled_to_fair_value(anchor: float, centre: int) -> None:
    sim = pool(20_000, anchor=anchor, aggressive=0.0, offset_ticks=0)
    sim.exchange.view.fair_value[:] = 10_200_000
    assert {m.price for m in written(sim)} == {centre}


def test_no_price_is_below_one_tick() -> None:
    penny = [{"symbol": "A", "initial_price": "0.03"}]
    sim = start(quiet({"symbols": penny, "smart": [], "background": {"count": 2_000}}))
    prices = [m.price for m in written(sim)]
    assert min(prices) == STEP
    assert max(prices) > 5 * STEP


@pytest.mark.compiled
@pytest.mark.parametrize("matching", ["price_time", "shuffled"])
def test_the_pool_never_trades_with_itself(matching: str) -> None:
    changes = {"venue.matching": matching, "background.aggressive": 0.5}
    sim = start(lively(changes))
    trades = 0
    for _ in range(60):
        sim.step()
        for e in events_of(sim):
            if e["exec_type"] == ExecType.TRADE:
                trades += 1
                assert (e["agent"], e["contra_agent"]) != (0, 0)
    assert trades > 300


@pytest.mark.compiled
def test_the_pool_trades_with_itself_if_it_may() -> None:
    sim = start(lively({"venue.pool_trades_itself": True}))
    pairs = set()
    for _ in range(20):
        sim.step()
        pairs |= {
            (e["agent"], e["contra_agent"])
            for e in events_of(sim)
            if e["exec_type"] == ExecType.TRADE
        }
    assert (0, 0) in pairs


@pytest.mark.compiled
def test_the_pools_profit_is_sales_less_purchases_and_what_it_holds() -> None:
    sim = start(lively({"venue.taker_fee_bps": 3.0})).run(60)
    exchange = sim.exchange
    holdings, last = exchange.ledger.holdings, exchange.view.last
    assert (holdings.pool_bought > 0).all()
    expected = (holdings.pool_received - holdings.pool_paid).tolist()
    for m in range(2):
        expected[m] += int(holdings.pool_bought[m] - holdings.pool_sold[m]) * int(last[m])
    assert pool_pnl(exchange).tolist() == expected
    assert pool_is_sane(exchange, 0.05)


@pytest.mark.compiled
def test_a_pool_that_loses_too_much_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "qtg"):
        qtg.simulate(lively(ticks=30), progress=False)
        assert caplog.messages == []
        qtg.simulate(lively({"background.pnl_limit": 1e-12}, ticks=30), progress=False)
    (message,) = caplog.messages
    assert message.startswith("the background pool's profit or loss exceeds")
    assert "background.pnl_limit" in message


def test_environments_draw_their_own_orders() -> None:
    sim = Simulation(quiet({"symbols": SYMBOLS, "background": {"count": 300}}), envs=[0, 5])
    found = written(sim)
    prices = [sorted(m.price for m in found if m.market // 3 == env) for env in (0, 1)]
    assert all(len(each) > 50 for each in prices)
    assert prices[0] != prices[1]
