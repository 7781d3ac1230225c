"""Equity snapshots and curves against a ledger kept by hand."""

import statistics

import polars as pl
import pytest

import qtg
from qtg.simulation import Simulation
from qtg.store import MemorySink
from tests.simulation.small import lively, quiet

from .oracle import opening, replay

SNAPPED = {"market_maker", *(each.kind for each in lively().reactive)}
TICKS = [0, 7, 14, 21, 28, 35, 42, 49, 56, 63, 70]


def test_equity_is_cash_and_positions_at_the_last_price(run: qtg.Result) -> None:
    stored = run.table("equity", raw=True).with_columns(pl.col("kind").cast(pl.String))
    assert stored["tick"].unique(maintain_order=True).to_list() == TICKS
    kinds = dict(run.agents.filter(pl.col("tick") == 0).select("agent", "kind").iter_rows())
    for tick, books in zip(TICKS, replay(run, TICKS)):
        rows = stored.filter(pl.col("tick") == tick)
        expected = {
            (agent, str(kinds[agent]), who.cash, who.worth(books.price))
            for agent, who in books.holders.items()
            if kinds[agent] in SNAPPED
        }
        assert set(rows.select("agent", "kind", "cash", "equity").iter_rows()) == expected
        assert rows["position_value"].to_list() == (rows["equity"] - rows["cash"]).to_list()
    assert stored["equity"].n_unique() > 100


def test_the_first_snapshot_is_what_the_agents_were_given() -> None:
    sim = Simulation(lively())
    given = sim.exchange.ledger.positions.qty.copy(), sim.exchange.ledger.accounts.cash.copy()
    again = qtg.simulate(lively(), progress=False)
    books = opening(again)
    for agent, who in books.holders.items():
        assert [who.qty[symbol] for symbol in sim.symbols] == given[0][agent].tolist()
        assert who.cash == given[1][agent]
    assert sum(who.cash for who in books.holders.values()) == given[1].sum()


def test_a_curve_of_an_agent_is_its_rows(run: qtg.Result) -> None:
    agent = run.equity["agent"][3]
    curve = run.equity_curve(int(agent))
    mine = run.equity.filter(pl.col("agent") == agent)
    assert curve.columns == ["tick", "time", "cash", "position_value", "equity", "pnl", "return"]
    assert curve["equity"].to_list() == mine["equity"].to_list()
    start = mine["equity"][0]
    assert curve["pnl"].to_list() == pytest.approx([x - start for x in mine["equity"]], abs=1e-9)
    assert curve["return"].to_list() == pytest.approx([x / start - 1 for x in mine["equity"]])


def test_a_curve_of_a_kind_is_summed_over_its_agents(run: qtg.Result) -> None:
    curve = run.equity_curve("threshold_seller")
    rows = list(run.table("equity", raw=True).iter_rows(named=True))
    rows = [row for row in rows if str(row["kind"]) == "threshold_seller"]
    start = {row["agent"]: row["equity"] for row in rows if row["tick"] == 0}
    assert curve["tick"].to_list() == TICKS
    for point in curve.iter_rows(named=True):
        now = {row["agent"]: row["equity"] for row in rows if row["tick"] == point["tick"]}
        assert point["agents"] == len(now) == 40
        assert point["equity"] == sum(now.values()) / 10_000
        assert point["pnl"] == (sum(now.values()) - sum(start.values())) / 10_000
        returns = sorted(now[agent] / start[agent] - 1 for agent in now)
        assert point["median"] == pytest.approx(statistics.median(returns), abs=1e-12)
        # Of 40 sorted values, those at the places 39 * 5% = 1.95 and 39 * 95% = 37.05.
        low = returns[1] + 0.95 * (returns[2] - returns[1])
        high = returns[37] + 0.05 * (returns[38] - returns[37])
        assert (point["low"], point["high"]) == pytest.approx((low, high), abs=1e-12)
    assert curve["high"][-1] > curve["low"][-1]


@pytest.mark.parametrize(
    ("who", "error", "sentence"),
    [
        ("threshold_seler", qtg.ConfigError, "did you mean 'threshold_seller'?"),
        ("noise_trader", qtg.StorageError, "add 'noise_trader' to storage.equity_of"),
        (5, qtg.StorageError, "did not store the equity of agent 5"),
        (10**6, qtg.StorageError, "did not store the equity of agent 1000000"),
    ],
)
def test_a_curve_that_is_not_there_is_an_error_that_says_why(
    run: qtg.Result, who: int | str, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        run.equity_curve(who)


def test_a_run_without_the_table_says_how_to_get_it() -> None:
    for changes in ({"storage.equity_every": 0}, {"storage.equity_of": []}):
        bare = qtg.simulate(quiet(changes, ticks=3), progress=False)
        assert "equity" not in bare.tables
        with pytest.raises(qtg.StorageError, match=r"set storage\.equity_every = 10 and run again"):
            _ = bare.equity


def test_an_unknown_tier_or_kind_is_refused() -> None:
    with pytest.raises(qtg.ConfigError, match=r"storage\.equity_of\.1: no tier or kind 'smrt'"):
        lively({"storage.equity_of": ["reactive", "smrt"]})


def test_a_sink_that_comes_later_starts_with_what_is_there_then() -> None:
    sim = Simulation(lively()).run(33)
    sink = MemorySink(config={}, seed=7, fingerprint="", symbols=list(sim.symbols), kinds=sim.kinds)
    cash = sim.exchange.ledger.accounts.cash.copy()
    sim.publisher.attach(sim, sink)
    sim.run(10)
    ticks = [int(chunk.tick[0]) for chunk in sink.chunks["agents"]]
    sim.publisher.finish(sim)
    sink.close()
    agents = pl.concat([pl.DataFrame(chunk._asdict()) for chunk in sink.chunks["agents"]])
    assert ticks == []
    assert agents["tick"].unique().sort().to_list() == [33, 40, 43]
    assert agents.filter(pl.col("tick") == 33)["cash"].to_list() == cash.tolist()
