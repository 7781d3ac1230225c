"""Leaderboard, risk and profit by kind against sums in plain Python."""

import itertools
import math
import statistics
from typing import Any

import polars as pl
import pytest

import qtg
from qtg.analytics.results import agent_results
from tests.simulation.small import lively, quiet

from .oracle import HOUSE, POOL, Books, opening, replay

TICKS = [*range(0, 71, 7)]
YEAR = 252 * 6.5 * 3600  # seconds


@pytest.fixture(scope="module")
def start(run: qtg.Result) -> Books:
    return opening(run)


@pytest.fixture(scope="module")
def end(run: qtg.Result) -> Books:
    *_, last = replay(run, [70])
    return last


@pytest.fixture(scope="module")
def kinds(run: qtg.Result) -> dict[int, str]:
    rows = run.agents.filter(pl.col("tick") == 0).select("agent", pl.col("kind").cast(pl.String))
    return dict(rows.iter_rows())


def profits(start: Books, end: Books) -> dict[int, int]:
    """Profit of everybody but the pool, in units."""
    return {
        agent: who.worth(end.price) - start.holders[agent].worth(start.price)
        for agent, who in end.holders.items()
        if agent != POOL
    }


def test_money_of_the_leaderboard_is_that_of_the_ledger_by_hand(
    run: qtg.Result, start: Books, end: Books, kinds: dict[int, str]
) -> None:
    board = run.leaderboard(top=None)
    gains = profits(start, end)
    assert set(board["agent"]) == set(gains) - {HOUSE}
    for row in board.iter_rows(named=True):
        who = end.holders[row["agent"]]
        first = start.holders[row["agent"]].worth(start.price)
        assert row["kind"] == kinds[row["agent"]]
        assert row["start_equity"] == first / 10_000
        assert row["final_equity"] == who.worth(end.price) / 10_000
        assert row["pnl"] == gains[row["agent"]] / 10_000
        assert row["return"] == pytest.approx(gains[row["agent"]] / first, rel=1e-12)
        assert (row["fees"], row["trades"], row["volume"]) == (
            who.fees / 10_000,
            who.fills,
            who.volume,
        )
    ranked = sorted(gains.items() - {(HOUSE, gains[HOUSE])}, key=lambda each: (-each[1], each[0]))
    assert board["agent"].to_list() == [agent for agent, _ in ranked]
    assert board["fees"].min() < 0 < board["fees"].max()


def test_profit_is_realized_plus_unrealized_less_fees(run: qtg.Result) -> None:
    """The two sides of the ledger agree: equity on one, cost and realized profit on the other."""
    last = run.table("agents", raw=True).filter(pl.col("tick") == 70).sort("agent")
    parts = last["realized_pnl"] + last["unrealized_pnl"] - last["fees"] - last["borrow_fees"]
    found = agent_results(run)
    mine = found["agent"] != HOUSE
    assert found.filter(mine)["pnl"].to_list() == parts.filter(mine).to_list()


def by_hand(curve: list[float], market: list[float]) -> dict[str, float | None]:
    """Textbook measures of one equity curve of seven-second intervals."""
    r, m = ([b / a - 1 for a, b in itertools.pairwise(x)] for x in (curve, market))
    year = math.sqrt(YEAR / 7)
    mean, deviation = statistics.fmean(r), statistics.stdev(r)
    downside = math.sqrt(sum(min(x, 0) ** 2 for x in r) / len(r))
    peaks = itertools.accumulate(curve, max)
    return {
        "volatility": deviation * year,
        "sharpe": mean / deviation * year if deviation else None,
        "sortino": mean / downside * year if downside else None,
        "max_drawdown": max(1 - x / peak for x, peak in zip(curve, peaks)),
        "var_95": -statistics.quantiles(r, n=20, method="inclusive")[0],
        "var_99": -statistics.quantiles(r, n=100, method="inclusive")[0],
        "parametric_var_95": -statistics.NormalDist(mean, deviation).inv_cdf(0.05)
        if deviation
        else -mean,
        "beta": statistics.linear_regression(m, r).slope,
    }


def curves(run: qtg.Result, ticks: list[int]) -> tuple[dict[int, list[float]], list[float]]:
    """Equity of every agent and the value of all shares at these ticks, from the trades."""
    shares = dict(run.instruments.select("symbol", "shares_outstanding").iter_rows())
    worth: dict[int, list[float]] = {agent: [] for agent in opening(run).holders}
    market = []
    for books in replay(run, ticks):
        market.append(sum(books.price[symbol] * n for symbol, n in shares.items()))
        for agent, curve in worth.items():
            curve.append(books.holders[agent].worth(books.price) / 10_000)
    return worth, market


def test_risk_is_that_of_the_textbook(run: qtg.Result) -> None:
    worth, market = curves(run, TICKS)
    risk = run.risk()
    assert risk["agent"].to_list() == run.equity["agent"].unique().sort().to_list()
    assert (risk["returns"] == 10).all()
    for row in risk.iter_rows(named=True):
        for name, value in by_hand(worth[row["agent"]], market).items():
            found = row[name]
            assert (found is None) == (value is None), (row["agent"], name)
            assert value is None or found == pytest.approx(value, rel=1e-9, abs=1e-12)
    assert risk["sharpe"].null_count() > 0, "who never had shares has no risk"
    assert risk["sharpe"].n_unique() > 20
    assert "-0.0" not in map(str, risk["var_95"].to_list())


def test_the_leaderboard_shows_the_risk_where_it_is_known(run: qtg.Result) -> None:
    board, risk = run.leaderboard(top=None), run.risk()
    both = board.join(risk, on="agent", suffix="_again")
    assert both.height == risk.height < board.height
    for name in ("sharpe", "sortino", "max_drawdown", "var_95"):
        assert both[name].to_list() == both[f"{name}_again"].to_list()
    unknown = board.filter(pl.col("kind") == "noise_trader")
    assert unknown.height == 8
    assert unknown["max_drawdown"].null_count() == 8


@pytest.mark.parametrize("by", ["return", "fees", "volume", "sharpe", "max_drawdown", "var_95"])
def test_the_best_stand_first(run: qtg.Result, by: str) -> None:
    """Ranking before or after a cut gives the same rows."""
    everybody = run.leaderboard(by, top=None)
    values = everybody[by].to_list()
    known = [value for value in values if value is not None]
    assert values == known + [None] * (len(values) - len(known)), "unknown ones come last"
    assert known == sorted(known, reverse=by not in ("max_drawdown", "var_95"))
    assert run.leaderboard(by, top=7).equals(everybody.head(7))
    sellers = run.leaderboard(by, top=3, kind="threshold_seller")
    mine = everybody.filter(pl.col("kind") == "threshold_seller")
    assert sellers.equals(mine.head(3))


def test_profit_by_kind_adds_up(
    run: qtg.Result, start: Books, end: Books, kinds: dict[int, str]
) -> None:
    found = {row["kind"]: row for row in run.pnl_by_kind().iter_rows(named=True)}
    gains = profits(start, end)
    pool = end.holders[POOL]
    traded = pool.cash - start.holders[POOL].cash  # paid and received, less fees
    bought = {s: pool.qty[s] - start.holders[POOL].qty[s] for s in end.price}
    gains[POOL] = traded + sum(bought[symbol] * end.price[symbol] for symbol in end.price)
    assert set(found) == set(kinds.values())
    for kind, row in found.items():
        mine = [agent for agent, name in kinds.items() if name == kind]
        who, own = [end.holders[agent] for agent in mine], [gains[agent] for agent in mine]
        expected: dict[str, Any] = {
            "agents": len(mine),
            "pnl": sum(own) / 10_000,
            "mean": pytest.approx(statistics.mean(own) / 10_000, rel=1e-12),
            "median": pytest.approx(statistics.median(own) / 10_000, rel=1e-12),
            "best": max(own) / 10_000,
            "worst": min(own) / 10_000,
            "winners": sum(gain > 0 for gain in own) / len(own),
            "fees": sum(each.fees for each in who) / 10_000,
            "trades": sum(each.fills for each in who),
            "turnover": sum(each.turnover for each in who) / 10_000,
        }
        assert {name: row[name] for name in expected} == expected, kind
    order = run.pnl_by_kind()["pnl"].to_list()
    assert order == sorted(order, reverse=True)


def test_sums_are_exact_where_floats_are_not() -> None:
    """A third of a unit in 2**60: the sum of the ledger's integers has no such error."""
    rich = {"kind": "noise_trader", "count": 4, "probability": 0.0, "cash": 90_071_992_547.4099}
    run = qtg.simulate(quiet({"smart": [rich]}, ticks=2), progress=False)
    found = agent_results(run).filter(pl.col("agent") > 1)
    assert found["start_equity"].sum() == 4 * 900_719_925_474_099


def test_a_run_that_was_cut_is_ranked_by_its_last_whole_snapshot(run: qtg.Result) -> None:
    place = qtg.simulate(lively(), progress=False)
    assert place.leaderboard(top=1).height == 1
    place._source.info.status = "running"
    late = place.table("trades", raw=True)["tick"].max()
    ticks = place.agents["tick"].unique().sort().to_list()
    usable = [tick for tick in ticks if tick <= late]
    final = place.table("agents", raw=True).filter(pl.col("tick") == usable[-1]).sort("agent")
    assert agent_results(place)["final_equity"].to_list() == final["equity"].to_list()


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"by": "pnll"}, "cannot be ranked by 'pnll'; did you mean 'pnl'?"),
        ({"by": "kind"}, "cannot be ranked by 'kind'"),
        ({"top": 0}, "top is 0; ask for at least 1"),
        ({"kind": "noise_traders"}, "did you mean 'noise_trader'?"),
        ({"kind": "house"}, "no agents of kind 'house'"),
    ],
)
def test_what_cannot_be_ranked_is_refused(
    run: qtg.Result, wanted: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(qtg.ConfigError, match=sentence.replace("?", r"\?")):
        run.leaderboard(**wanted)


def test_a_run_without_agents_says_what_to_set() -> None:
    bare = qtg.simulate(quiet({"storage.agents_every": 0}, ticks=2), progress=False)
    for ask in (bare.leaderboard, bare.pnl_by_kind):
        with pytest.raises(qtg.StorageError, match=r"set storage\.agents_every = 100"):
            ask()
    assert bare.risk().height == 4


def test_a_run_without_equity_has_no_risk() -> None:
    bare = qtg.simulate(quiet({"storage.equity_every": 0}, ticks=2), progress=False)
    assert bare.leaderboard()["sharpe"].null_count() == 4
    with pytest.raises(qtg.StorageError, match=r"set storage\.equity_every = 10"):
        bare.risk()


def test_a_last_snapshot_between_two_intervals_counts_for_the_drawdown_alone() -> None:
    changes = {"storage.equity_every": 30, "storage.equity_of": ["market_maker"]}
    run = qtg.simulate(lively(changes), progress=False)
    assert run.equity["tick"].unique().sort().to_list() == [0, 30, 60, 70]
    risk = run.risk()
    assert (risk["returns"] == 2).all()
    for agent, deepest in risk.select("agent", "max_drawdown").iter_rows():
        curve = run.equity_curve(agent)["equity"].to_list()
        peaks = itertools.accumulate(curve, max)
        assert deepest == pytest.approx(max(1 - x / peak for x, peak in zip(curve, peaks)))
