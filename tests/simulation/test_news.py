"""News: when it comes, what it changes, and that it is the same for everybody."""

from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pytest

import qtg
from qtg.config import SettingError
from qtg.news import NewsTape
from qtg.schemas import NewsKind, Sector
from qtg.simulation import Simulation
from tests.clocks import moment

from .small import SYMBOL, quiet, start

STOCKS = (
    {"symbol": "A", "sector": "tech", "initial_price": "100.00"},
    {"symbol": "B", "sector": "tech", "initial_price": "50.00", "beta": 1.5, "growth": 0.05},
    {"symbol": "C", "sector": "energy", "initial_price": "20.00", "eps": 2.5, "payout": 0.3},
)
OFTEN = {
    "enabled": True,
    "earnings": {"every_ticks": 40, "size": 0.04},
    "rate_decision": {"every_ticks": 60, "size": 0.004},
    "guidance": {"frequency": 0.01, "size": 0.004},
    "company": {"frequency": 0.02, "size": 0.02},
    "sector": {"frequency": 0.02, "size": 0.01},
    "macro": {"frequency": 0.02, "size": 0.01},
}


def busy(changes: dict[str, Any] | None = None, **fields: Any) -> qtg.Config:
    """Three stocks whose fair values move by news alone."""
    symbols = [{**SYMBOL, **stock} for stock in STOCKS]
    base = {"symbols": symbols, "smart": [], "news": OFTEN, "storage.quotes": True}
    return quiet({**base, **(changes or {})}, **fields)


class Told(NamedTuple):
    """A tape and whom it tells."""

    tape: NewsTape
    envs: tuple[int, ...]
    seed: int


def told(of: Told, ticks: range, env: int = 0) -> list[tuple[Any, ...]]:
    """The events of some ticks as rows."""
    found = []
    for tick in ticks:
        news, envs = of.tape.now(moment(tick, of.envs, of.seed))
        for row in np.flatnonzero(envs == env):
            found.append(tuple(column[row].item() for column in news))
    return found


def tape(config: qtg.Config, envs: tuple[int, ...] = (0,), seed: int = 3) -> Told:
    return Told(NewsTape(config, len(envs)), envs, seed)


def test_fair_values_are_gordons_of_what_the_news_said() -> None:
    """An oracle in plain Python works the run's own news, symbol by symbol."""
    run = qtg.simulate(busy(ticks=400, seed=5), progress=False)
    eps, growth, payout, beta = {}, {}, {}, {}
    rate, premium = 0.04, 0.05
    for stock in STOCKS:
        name = str(stock["symbol"])
        growth[name], payout[name] = (
            float(stock.get("growth", 0.03)),
            float(stock.get("payout", 0.5)),
        )
        beta[name] = float(stock.get("beta", 1.0))
        spread = rate + beta[name] * premium - growth[name]
        fair = float(str(stock["initial_price"])) * spread / (payout[name] * (1 + growth[name]))
        eps[name] = float(stock.get("eps", fair))
    sector = {str(stock["symbol"]): stock["sector"] for stock in STOCKS}
    news = {
        tick: rows.to_dicts()
        for (tick,), rows in run.news.partition_by("tick", as_dict=True).items()
    }
    quotes = run.quotes.select("tick", "symbol", "fair_value").rows()
    assert len(news) > 40
    for tick, name, seen in quotes:
        if name == "A":  # the first symbol of each tick
            for event in news.get(tick, []):
                rate += event["surprise"] * (event["kind"] == "rate_decision")
                for each in eps:
                    if event["kind"] == "guidance" and event["symbol"] == each:
                        growth[each] += event["surprise"]
                    elif event["kind"] == "macro":
                        eps[each] *= np.exp(beta[each] * event["surprise"])
                    elif (event["kind"] == "sector" and event["sector"] == sector[each]) or (
                        event["kind"] in ("earnings", "company") and event["symbol"] == each
                    ):
                        eps[each] *= np.exp(event["surprise"])
        spread = max(rate + beta[name] * premium - growth[name], 0.01)
        expected = eps[name] * payout[name] * (1 + growth[name]) / spread
        assert seen == pytest.approx(expected, abs=1.1e-4), (tick, name)


def test_sentiment_is_pulled_while_news_lasts_and_decays_after() -> None:
    config = busy(seed=9)
    sim = start(config)
    active: list[tuple[int, int, float, float]] = []  # last tick, sector or -1, weight, sentiment
    expected = np.zeros(len(Sector))
    members = {int(Sector.TECH): 2, int(Sector.ENERGY): 1}
    for tick in range(1, 300):
        sim.step()
        for event in zip(*sim.economy.news, strict=True):
            row = dict(zip(sim.economy.news._fields, event, strict=True))
            weight = 1 / members[int(row["sector"])] if row["symbol"] >= 0 else 1.0
            last = tick + int(row["duration"]) - 1
            active.append((last, int(row["sector"]), weight, float(row["sentiment"])))
        expected *= 0.99
        for last, sector, weight, sentiment in active:
            if tick <= last:
                where = slice(None) if sector < 0 else slice(sector, sector + 1)
                expected[where] = np.clip(expected[where] + 0.01 * weight * sentiment, -1, 1)
        assert np.allclose(sim.economy.sentiment[0], expected, atol=1e-12)
    assert np.abs(expected).max() > 0.05


@pytest.mark.compiled
@pytest.mark.parametrize("kind", ["guidance", "company", "sector", "macro"])
def test_unscheduled_news_comes_as_often_as_configured(kind: str) -> None:
    news = {
        name: {**each, "frequency": 0.0} for name, each in OFTEN.items() if "frequency" in str(each)
    }
    news |= {"enabled": True, "earnings": {"every_ticks": 0}, "rate_decision": {"every_ticks": 0}}
    news[kind] = {"frequency": 0.03, "size": 0.02, "sentiment": 0.2}
    rows = told(tape(busy({"news": news})), range(1, 20_001))
    sources = {"guidance": 3, "company": 3, "sector": 2, "macro": 1}[kind]
    mean = 20_000 * sources * 0.03
    assert abs(len(rows) - mean) < 4 * np.sqrt(mean)
    assert {row[3] for row in rows} == {NewsKind[kind.upper()]}
    surprise = np.array([row[7] for row in rows])
    assert abs(surprise.mean()) < 4 * 0.02 / np.sqrt(len(rows))
    assert surprise.std() == pytest.approx(0.02, rel=0.12)
    sentiment = np.array([row[8] for row in rows])
    assert np.allclose(sentiment, np.clip(10 * surprise, -1, 1)), "both point the same way"
    duration = np.array([row[9] for row in rows])
    assert duration.mean() == pytest.approx(200, rel=0.15)


@pytest.mark.compiled
def test_news_is_the_same_alone_in_a_batch_and_in_any_order_of_asking() -> None:
    config = busy()
    alone, batch = tape(config, (5,)), tape(config, (1, 5, 2))
    forwards = told(alone, range(1, 1_001))
    assert forwards == told(batch, range(1, 1_001), env=1)
    assert forwards != told(batch, range(1, 1_001), env=0)
    backwards = [row for tick in range(1_000, 0, -1) for row in told(alone, range(tick, tick + 1))]
    assert sorted(backwards) == sorted(forwards)
    assert told(tape(config, seed=4), range(1, 200)) != told(tape(config), range(1, 200))


@pytest.mark.compiled
def test_an_environment_trades_the_same_alone_and_in_a_batch_with_news() -> None:
    config = qtg.Config.preset("quick_test", {"news": OFTEN}, ticks=40)
    batch = Simulation(config, envs=[0, 1, 2, 3]).run(60)
    alone = Simulation(config, envs=[3]).run(60)
    assert batch.trace_hashes[3] == alone.trace_hash
    assert batch.trace_hashes[2] != alone.trace_hash


@pytest.mark.compiled
def test_the_calendar_knows_scheduled_news_ahead() -> None:
    config = busy(ticks=500, seed=2)
    ahead = Simulation(config).economy.calendar(1, 500)
    run = qtg.simulate(config, progress=False)
    came = run.news.filter(pl.col("scheduled") == 1).select("tick", "kind", "symbol")
    assert came.cast({"kind": pl.String, "symbol": pl.String}).rows() == ahead.rows()
    assert ahead.filter(kind="rate_decision")["tick"].to_list() == list(range(60, 501, 60))
    reports = ahead.filter(kind="earnings", symbol="B")["tick"].to_numpy()
    assert (np.diff(reports) == 40).all()
    assert ahead.filter(kind="earnings", symbol="A")["tick"][0] != reports[0]


def test_a_rate_below_what_was_expected_is_good_news() -> None:
    rows = told(tape(busy()), range(1, 6_000))
    rates = [row for row in rows if row[3] == NewsKind.RATE_DECISION]
    assert len(rates) == 99
    for row in rates:
        assert np.sign(row[8]) == -np.sign(row[7])


def test_growth_near_the_discount_rate_is_guarded() -> None:
    sim = start(busy({"news": {"enabled": False}}))
    sim.economy.fundamentals.growth[:] = 0.0899
    sim.step()
    fair = sim.exchange.view.fair_value
    of = sim.economy.fundamentals
    assert np.allclose(fair[:1], of.eps[:1] * 0.5 * 1.0899 / 0.01, atol=1)
    sim.economy.fundamentals.growth[:] = 0.5
    sim.step()
    assert (fair > 0).all()


@pytest.mark.parametrize(("growth", "eps"), [(-3.0, 5.0), (-0.5, 1e-300), (0.08, 1e300)])
def test_fair_values_can_be_written_whatever_news_says(growth: float, eps: float) -> None:
    sim = start(busy({"news": {"enabled": False}}))
    sim.economy.fundamentals.growth[:] = growth
    sim.economy.fundamentals.eps[:] = eps * 10_000
    for _ in range(3):
        sim.step()
        fair = sim.exchange.view.fair_value
        assert (fair >= 1).all()
        assert (fair <= 2**61).all()
        assert np.isfinite(sim.economy.fundamentals.eps).all()
        assert (sim.economy.fundamentals.eps > 0).all()


def test_names_that_do_not_apply_are_null_in_frames_files_and_sql(tmp_path: Any) -> None:
    config = busy(ticks=200, seed=5)
    memory = qtg.simulate(config, progress=False)
    stored = qtg.simulate(config, out=tmp_path / "run", progress=False)
    assert memory.news.equals(stored.news)
    macro = stored.news.filter(pl.col("kind") == "macro")
    assert macro.height
    assert macro["sector"].null_count() == macro["symbol"].null_count() == macro.height
    of_sector = stored.news.filter(pl.col("kind") == "sector")
    assert of_sector["symbol"].null_count() == of_sector.height
    assert of_sector["sector"].null_count() == 0
    query = "select count(*) from news where symbol is null and kind <> 'macro'"
    expected = stored.news.filter(pl.col("symbol").is_null() & (pl.col("kind") != "macro")).height
    assert stored.sql(query).item() == expected
    assert stored.news["news_id"].to_list() == list(range(1, stored.news.height + 1))


def test_without_news_there_is_no_table() -> None:
    run = qtg.simulate(busy({"news": {"enabled": False}}, ticks=5), progress=False)
    assert "news" not in run.tables


@pytest.mark.compiled
@pytest.mark.parametrize("direction", [1, -1])
def test_a_surprise_moves_the_price_its_way_while_it_lasts(direction: int) -> None:
    """A crowd that cannot read hears of it through fair value and its sector's mood."""
    config = qtg.Config.preset("quick_test", {"news.enabled": False}, ticks=400, seed=11)
    calm, moved = Simulation(config).run(150), Simulation(config).run(150)
    moved.economy.fundamentals.eps[0] *= np.exp(0.05 * direction)
    calm.run(200)
    moved.run(200)
    change = np.log(moved.exchange.view.last / calm.exchange.view.last)
    assert change[0] * direction > 0.02
    assert abs(change[1]) < 0.02


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"symbols.0.growth": 0.09}, r"symbols\.0\.growth: 0\.09 must stay 0\.01 .* at most 0\.08"),
        ({"economy.risk_free_rate": -0.02}, r"symbols\.0\.growth: .* discount rate 0\.03"),
        ({"news.macro.frequency": 1.5}, r"news\.macro\.frequency: must be at most 1\.0, got 1\.5"),
        ({"news.macr": {}}, r"news\.macr: no such setting; did you mean 'macro'"),
        ({"news.earnings.every_ticks": -1}, r"every_ticks: must be at least 0, got -1"),
        ({"news.sector.duration_ticks": -5}, r"duration_ticks: must not fall below 0"),
        ({"symbols.0.payout": 0}, r"symbols\.0\.payout: must be more than 0\.0, got 0"),
    ],
)
def test_an_economy_that_cannot_be_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingError, match=sentence):
        busy().with_(changes)
