"""Populations become rows: who there is, what they start with, when and where they act."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from scipy import stats

import qtg
from qtg.agents.population import check_populations
from qtg.schemas import Account, Tier
from tests.simulation.small import lively, quiet, start

from .market import CHANCE, config_of, market, population

TWO = [
    {"symbol": "A", "initial_price": "100.00"},
    {"symbol": "B", "initial_price": "50.00", "lot_size": 10},
    {"symbol": "C", "initial_price": "20.00"},
]


def test_accounts_are_pool_house_then_populations_in_order() -> None:
    sim = start(lively())
    accounts, kinds = sim.exchange.ledger.accounts, sim.kinds
    assert kinds[:2] == ["background_pool", "house"]
    named = [kinds[code] for code in accounts.kind]
    expected = ["background_pool", "house", *["market_maker"] * 2, *["noise_trader"] * 8]
    assert named[:12] == expected
    smart, reactive = (
        sum(each.count for each in tier) for tier in (lively().smart, lively().reactive)
    )
    assert len(named) == 2 + smart + reactive
    assert accounts.tier[:2].tolist() == [Tier.BACKGROUND, Tier.HOUSE]
    assert accounts.tier[2 : 2 + smart].tolist() == [Tier.SMART] * smart
    assert accounts.tier[2 + smart :].tolist() == [Tier.REACTIVE] * reactive
    assert sim.agents("noise_trader").tolist() == list(range(4, 12))
    with pytest.raises(qtg.ConfigError, match="no agents of kind 'whale'"):
        sim.agents("whale")


def test_the_pool_has_what_agents_do_not_hold() -> None:
    sim = start(lively())
    positions, holdings = sim.exchange.ledger.positions, sim.exchange.ledger.holdings
    assert positions.qty[Account.HOUSE].sum() == 0
    held = positions.qty[2:].sum(axis=0)
    assert held.tolist() == holdings.held.tolist()
    assert (positions.qty[0] + held).tolist() == [10_000_000] * 2


def test_cash_and_shares_are_drawn_from_their_distributions() -> None:
    group = population(
        "noise_trader",
        2_000,
        cash={"kind": "lognormal", "median": 50_000, "sigma": 0.5},
        shares={"kind": "uniform", "low": 0, "high": 100},
    )
    ledger = market(group, symbols=TWO).sim.exchange.ledger
    cash = ledger.accounts.cash[-2000:] / 10_000
    assert stats.kstest(cash, stats.lognorm(0.5, scale=50_000).cdf).pvalue > CHANCE
    shares = ledger.positions.qty[-2000:]
    assert stats.kstest(shares[:, 0] + 0.5, stats.uniform(0, 100).cdf).pvalue > CHANCE
    assert abs(np.corrcoef(shares[:, 0], shares[:, 2])[0, 1]) < 0.1
    assert (shares[:, 1] % 10 == 0).all()
    assert set(shares[:, 1].tolist()) == set(range(0, 100, 10))
    assert (ledger.positions.cost == ledger.positions.qty * [1_000_000, 500_000, 200_000])[2:].all()


def test_another_population_of_the_same_kind_draws_other_numbers() -> None:
    group = population("noise_trader", 50, cash={"kind": "uniform", "low": 0, "high": 1_000})
    cash = market(group, group).sim.exchange.ledger.accounts.cash[-100:]
    assert (cash[:50] != cash[50:]).sum() > 45


def test_more_shares_than_exist_are_a_named_error() -> None:
    shares = {"kind": "choice", "values": [0, 100_000], "weights": [0.99, 0.01]}
    group = population("noise_trader", 99, shares=shares)
    with pytest.raises(qtg.ConfigError, match=r"agents start with .* shares of A but only 100,000"):
        for seed in range(50):
            start(config_of(group).with_(seed=seed))


@pytest.mark.parametrize(
    ("group", "sentence"),
    [
        (population("nois_trader"), "no strategy is called 'nois_trader'; did you mean"),
        (population("threshold_buyer"), "threshold_buyer belongs under `reactive`, not `smart`"),
        (
            population("noise_trader", params={"sise": 3}),
            "noise_trader has no parameter 'sise'; it has deviation, market_share, size, lifetime",
        ),
    ],
)
def test_unknown_kinds_and_parameters_are_named(group: dict, sentence: str) -> None:
    config = config_of(group)
    for check in (check_populations, start):
        with pytest.raises(qtg.ConfigError) as caught:
            check(config)
        assert sentence in str(caught.value)


@pytest.mark.parametrize(
    "group",
    [
        population("noise_trader", 12, every=5, shares=10**4),
        population("market_maker", 4, every=5, params={"half_spread": 0.002}),
    ],
)
def test_tier_1_acts_in_every_so_many_th_tick(group: dict) -> None:
    """A maker's quotes are moved away by hand, so that it has something to send in every turn."""
    seen = market(group, fair_value__process="gbm", fair_value__volatility=10.0)
    ticks: dict[int, list[int]] = defaultdict(list)
    for _ in range(40):
        for agent in {m.agent for m in seen.step()}:
            ticks[agent].append(seen.sim.tick)
    assert len(ticks) == group["count"]
    for agent, acted in ticks.items():
        assert {(tick + agent) % 5 for tick in acted} == {0}
        assert len(acted) == 8
    assert len({acted[0] for acted in ticks.values()}) >= 4, "turns are spread over the agents"


@pytest.mark.compiled
def test_probability_is_the_chance_to_act_in_a_turn() -> None:
    seen = market(population("noise_trader", 40, probability=0.3, shares=10**4, cash=10**9))
    acted = [len(seen.step()) for _ in range(100)]
    assert stats.binomtest(sum(acted), 4_000, 0.3).pvalue > CHANCE
    expected = stats.binom(40, 0.3)
    assert abs(np.var(acted) - expected.var()) < 0.35 * expected.var()


def test_reactive_agents_notice_with_their_probability_in_their_turn() -> None:
    always = {"interval": 1, "threshold": 0.5}
    group = population("momentum_follower", 60, every=4, probability=0.5, params=always)
    sim = market(group).sim
    woken: Counter[int] = Counter()
    for _ in range(80):
        sim.step()
        rows = sim.reactive.watchers.rows
        for i in np.flatnonzero(rows.woken):
            assert (sim.tick + rows.agent[i]) % 4 == 0
            woken[int(rows.agent[i])] += 1
    assert stats.binomtest(woken.total(), 60 * 20, 0.5).pvalue > CHANCE
    assert len(woken) == 60


@pytest.mark.parametrize("kind", ["noise_trader", "market_maker", "momentum_follower"])
def test_a_population_trades_only_its_symbols(kind: str) -> None:
    params = {"threshold": 1e-9, "interval": 1} if kind == "momentum_follower" else {}
    group = population(kind, 10, symbols=["A", "C"], params=params)
    seen = market(group, symbols=TWO, fair_value__process="gbm", fair_value__volatility=5.0)
    markets: Counter[int] = Counter()
    for tick in range(20):
        seen.sim.exchange.venue.book_columns.markets.last_price[:] += 500 * (tick % 2 * 2 - 1)
        markets.update(m.market for m in seen.step() if m.agent >= 6)
    assert set(markets) == {0, 2}
    assert (seen.sim.exchange.ledger.positions.qty[6:, 1] == 0).all()


def test_tier_1_sleeps_through_the_warm_up() -> None:
    config = lively({"warmup.ticks": 8})
    sim = start(config)
    sent = []
    for _ in range(12):
        sim.step()
        sent.append((sim.warming_up, sim.counts.orders_smart > 0, sim.counts.orders_background > 0))
    assert sent == [(True, False, True)] * 8 + [(False, True, True)] * 4


def test_no_agents_at_all_is_a_market_too() -> None:
    sim = start(quiet({"smart": []})).run(5)
    assert (sim.tick, sim.exchange.n_agents, sim.counts.events) == (5, 2, 0)
