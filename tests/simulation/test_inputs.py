"""What comes from outside: news, regimes and orders take effect in the next tick, in order."""

import numpy as np
import pytest

import qtg
from qtg.inputs import InputKind
from qtg.schemas import Regime
from tests.simulation.small import lively, quiet, start

NEWS = {"news": {"enabled": True}}


def test_inputs_are_numbered_and_told_before_they_take_effect() -> None:
    sim = start(quiet(NEWS))
    told = []
    sim.inputs.taps.append(lambda new: told.append((new.sequence, new.tick, new.kind, sim.tick)))
    sim.submit({"agent": [2], "price": [1_000_000], "qty": [1]})
    sim.inject_news("macro", surprise=0.1)
    sim.step()
    sim.set_regime("crisis")
    assert told == [
        (1, 1, InputKind.ORDERS, 0),
        (2, 1, InputKind.NEWS, 0),
        (3, 2, InputKind.REGIME, 1),
    ]


def test_an_input_that_a_tap_refuses_has_no_effect() -> None:
    sim = start(quiet())

    def refuse(_: object) -> None:
        raise qtg.QtgError("full")

    sim.inputs.taps.append(refuse)
    with pytest.raises(qtg.QtgError, match="full"):
        sim.submit({"agent": [2], "price": [1_000_000], "qty": [1]})
    sim.step()
    assert sim.exchange.n_events == 0
    assert sim.inputs.sequence == 0


def test_injected_earnings_change_what_a_stock_is_worth() -> None:
    sim = start(quiet(NEWS))
    before = sim.economy.value()[0]
    sim.inject_news("earnings", symbol="A", surprise=np.log(1.5), sentiment=0.5, duration=3)
    sim.step()
    assert sim.economy.value()[0] == pytest.approx(1.5 * before)
    assert sim.exchange.view.news[0] == 0.5
    assert sim.economy.sentiment.max() > 0
    assert sim.economy.news.tick.tolist() == [1]
    sim.step()
    assert sim.economy.value()[0] == pytest.approx(1.5 * before)
    assert sim.exchange.view.news[0] == 0.0


def test_injected_news_is_in_the_table_with_a_number_of_its_own() -> None:
    config = lively(NEWS)
    plain = qtg.simulate(config, progress=False).news

    from qtg.run import open_sink

    sim, sink = start(config), open_sink(config, None)
    with sink:
        sim.publisher.attach(sim, sink)
        sim.run(20).inject_news("sector", sector="tech", surprise=0.01)
        sim.inject_news("rate_decision", surprise=0.001)
        sim.run(sim.last_tick - 20)
        sim.publisher.finish(sim)
        sink.close(trace_hash=sim.trace_hash, ticks=sim.tick)
    from qtg.result import result_of

    news = result_of(sink).news
    assert news.height == plain.height + 2
    assert news["news_id"].to_list() == list(range(1, news.height + 1))
    assert set(news.filter(news["tick"] == 21)["kind"]) >= {"sector", "rate_decision"}


def test_injected_news_reaches_every_environment() -> None:
    sim = start(quiet(NEWS), envs=(0, 5))
    before = sim.economy.value()
    sim.inject_news("company", symbol="A", surprise=0.2)
    sim.step()
    assert sim.economy.value() == pytest.approx(before * np.exp(0.2))


def test_a_regime_is_set_with_its_traits() -> None:
    config = lively()
    sim = start(config)
    sim.set_regime("crisis")
    assert sim.background.pool.terms.regime[0] != Regime.CRISIS
    sim.step()
    terms = sim.background.pool.terms
    assert terms.regime[0] == Regime.CRISIS
    assert terms.activity[0] == config.background.traits_in(Regime.CRISIS)[0]


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({"kind": "gossip"}, "no kind of news 'gossip'"),
        ({"kind": "earnings"}, "give a symbol"),
        ({"kind": "macro", "symbol": "A"}, "leave out a symbol"),
        ({"kind": "sector"}, "give a sector"),
        ({"kind": "sector", "sector": "space"}, "no sector 'space'"),
        ({"kind": "earnings", "symbol": "B"}, "no symbol 'B'"),
        ({"kind": "macro", "surprise": float("nan")}, "finite"),
        ({"kind": "macro", "sentiment": 2.0}, "-1 to 1"),
        ({"kind": "macro", "duration": 0}, "at least a tick"),
    ],
)
def test_news_that_makes_no_sense_is_refused(event: dict, says: str) -> None:
    sim = start(quiet(NEWS))
    with pytest.raises(qtg.ConfigError, match=says):
        sim.inject_news(**event)
    assert sim.inputs.sequence == 0


def test_news_needs_a_run_with_news() -> None:
    with pytest.raises(qtg.ConfigError, match="news.enabled"):
        start(quiet()).inject_news("macro")


def test_an_unknown_regime_is_refused() -> None:
    with pytest.raises(qtg.ConfigError, match="calm, normal"):
        start(quiet()).set_regime("panic")
