"""Regimes change on a schedule or at random, and news and volatility bring people to the market."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

import qtg
from qtg.config import REGIMES, Background, SettingError
from qtg.schemas import Regime, Side
from qtg.simulation import Simulation
from tests.clocks import at
from tests.simulation.small import SYMBOL, quiet, start

from .test_background import written

SYMBOLS = [
    {**SYMBOL, "symbol": "A", "sector": "tech"},
    {**SYMBOL, "symbol": "B", "sector": "energy"},
]
CHANCE = 1e-4


def pool(count: int = 5_000, **background: Any) -> Simulation:
    changes = {"symbols": SYMBOLS, "smart": [], "background": {"count": count, **background}}
    return start(quiet(changes))


def sent(sim: Simulation, tick: int) -> int:
    return sim.background.decide(at(sim, tick), sim.economy)


def test_regimes_follow_the_schedule() -> None:
    sim = pool(
        schedule=[{"tick": 3, "regime": "crisis"}, {"tick": 6, "regime": "calm"}], contrarian=0.4
    )
    terms, seen = sim.background.pool.terms, []
    for tick in range(1, 9):
        n = sent(sim, tick)
        regime = Regime(terms.regime[0])
        seen.append(regime)
        expected = REGIMES[regime]
        assert terms.activity[0] == expected.activity
        assert terms.sentiment_volatility[0] == expected.sentiment_volatility
        assert terms.contrarian[0] == 0.4, "what is set by itself holds in every regime"
        assert abs(n - 5_000 * expected.activity) < 5 * np.sqrt(5_000 * 0.25)
    assert seen == [Regime.NORMAL] * 2 + [Regime.CRISIS] * 3 + [Regime.CALM] * 3


@pytest.mark.compiled
def test_a_markov_chain_stays_as_long_as_its_chances_say() -> None:
    chain = [
        {"source": "normal", "target": "crisis", "chance": 0.02},
        {"source": "normal", "target": "calm", "chance": 0.03},
        {"source": "crisis", "target": "normal", "chance": 0.1},
        {"source": "calm", "target": "normal", "chance": 0.05},
    ]
    sim = pool(10, chain=chain)
    path = []
    for tick in range(1, 30_001):
        sent(sim, tick)
        path.append(int(sim.background.pool.terms.regime[0]))
    moves = np.zeros((4, 4))
    np.add.at(moves, (np.array(path[:-1]), np.array(path[1:])), 1)
    assert moves[Regime.VOLATILE].sum() == 0
    for step in chain:
        source, target = Regime[str(step["source"]).upper()], Regime[str(step["target"]).upper()]
        found, out_of = int(moves[source, target]), int(moves[source].sum())
        assert stats.binomtest(found, out_of, float(str(step["chance"]))).pvalue > CHANCE
    assert moves[Regime.CRISIS, Regime.CALM] == moves[Regime.CALM, Regime.CRISIS] == 0


@pytest.mark.compiled
def test_environments_have_their_own_chains_alone_and_in_a_batch() -> None:
    chain = [
        {"source": source, "target": target, "chance": 0.1}
        for source, target in (("normal", "crisis"), ("crisis", "normal"))
    ]
    config = qtg.Config.preset("quick_test", {"background.chain": chain}, ticks=50)
    batch, alone = Simulation(config, envs=[4, 7]), Simulation(config, envs=[7])
    paths: list[list[int]] = [[], [], []]
    for _ in range(60):
        batch.step()
        alone.step()
        for path, regime in zip(
            paths,
            [*batch.background.pool.terms.regime, alone.background.pool.terms.regime[0]],
            strict=True,
        ):
            path.append(int(regime))
    assert paths[1] == paths[2] != paths[0]
    assert batch.trace_hashes[1] == alone.trace_hash


@pytest.mark.parametrize("strength", [0.0, 0.6])
def test_the_strongest_sentiment_raises_activity(strength: float) -> None:
    sim = pool(20_000, news_activity=0.5, volatility_activity=0.0)
    sim.economy.sentiment[0, 3] = -strength
    sim.economy.sentiment[0, 1] = strength / 2
    share = 0.3 * (1 + 0.5 * strength)
    assert stats.binomtest(sent(sim, 1), 20_000, share).pvalue > CHANCE


@pytest.mark.compiled
def test_moving_mids_raise_activity_as_an_average_in_plain_python_says() -> None:
    sim = pool(20_000, news_activity=0.0, volatility_activity=0.4)
    draw = np.random.default_rng(1)
    short = long = 0.0
    last = None
    mids = np.array([1_000_000.0, 1_000_000.0])
    most = 0.0
    for tick in range(1, 301):
        size = 0.0005 if tick < 200 else 0.004
        mids = mids * np.exp(size * draw.standard_normal(2))
        sim.exchange.view.mid[:] = mids.astype(np.int64)
        now = mids.astype(np.int64)
        square = 0.0 if last is None else float((np.log(now / last) ** 2).mean())
        short += max(0.06, 1 / tick) * (square - short)
        long += max(0.006, 1 / tick) * (square - long)
        last = now
        rise = min(max((short / long) ** 0.5 - 1, 0), 4) if long else 0.0
        most = max(most, rise)
        n = sent(sim, tick)
        sim.exchange.due()
        share = 0.3 * (1 + 0.4 * rise)
        assert stats.binomtest(n, 20_000, share).pvalue > 1e-6, tick
    assert most > 1


def test_everybody_may_come_but_not_more() -> None:
    sim = pool(1_000, regime="crisis", news_activity=5.0)
    sim.economy.sentiment[:] = 1.0
    assert sent(sim, 1) == 1_000


@pytest.mark.compiled
def test_the_pool_leans_by_its_own_mood_and_its_sectors() -> None:
    alone = {"count": 0}  # no metaorders
    sim = pool(40_000, activity=1.0, contrarian=0.0, sentiment_decay=1.0, metaorders=alone)
    sim.background.pool.sentiment[:] = 0.1
    sim.economy.sentiment[0, 1] = 0.4  # energy: symbol B
    sim.background.decay(at(sim, 1), sim.economy)
    assert np.allclose(sim.exchange.view.sentiment, [0.1, 0.5])
    found = written(sim)
    for market, mood in ((0, 0.1), (1, 0.5)):
        sides = [m.side for m in found if m.market == market]
        share = 0.5 + 0.5 * mood
        assert stats.binomtest(sides.count(Side.BUY), len(sides), share).pvalue > CHANCE


@pytest.mark.compiled
def test_metrics_tell_the_regime() -> None:
    changes = {"background.schedule": [{"tick": 4, "regime": "volatile"}], "warmup.ticks": 0}
    run = qtg.simulate(qtg.Config.preset("quick_test", changes, ticks=6), progress=False)
    assert run.metrics["regime"].to_list() == ["normal"] * 3 + ["volatile"] * 3


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"schedule": [{"tick": 9, "regime": "calm"}, {"tick": 9, "regime": "crisis"}]},
            r"schedule\.1\.tick: 9 does not come after 9",
        ),
        (
            {"chain": [{"source": "calm", "target": "calm", "chance": 0.1}]},
            r"chain\.0\.target: is the regime before",
        ),
        (
            {
                "chain": [
                    {"source": "calm", "target": "normal", "chance": 0.7},
                    {"source": "calm", "target": "crisis", "chance": 0.7},
                ]
            },
            r"chain\.1\.chance: the chances to leave calm are 1\.4 together",
        ),
        ({"schedule": [{"tick": 9, "regime": "clam"}]}, r"regime: no regime 'clam'; did you mean"),
    ],
)
def test_regimes_that_cannot_be_are_refused(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingError, match=sentence):
        Background(**settings)
