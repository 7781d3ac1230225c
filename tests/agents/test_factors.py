"""Factor long-short traders: weighted z-scores, ranked by a plain sort."""

from typing import Any

import numpy as np
import pytest

import qtg
from tests.sizes import sized

from . import rules
from .market import Outgoing, market, population, set_last
from .moving import SYMBOLS, TICKS, Moving, at_ticks, config_of, goal, traders, uniform

FACTORS = ("momentum", "value", "volatility", "reversion", "quality")
SHORT = {
    "momentum_window": uniform(4, 9),
    "volatility_window": uniform(4, 8),
    "reversion_window": uniform(4, 8),
    "share": uniform(0.2, 0.5),
}


def weights(**given: float) -> dict[str, float]:
    """Weights of the factors named; the others have none."""
    return {f"{name}_weight": given.get(name, 0.0) for name in FACTORS}


def mean_ranks(x: list[float]) -> np.ndarray:
    """1 for the smallest; equal values share the mean of their ranks."""
    less = [sum(other < each for other in x) for each in x]
    equal = [sum(other == each for other in x) for each in x]
    return np.array([a + (b + 1) / 2 for a, b in zip(less, equal, strict=True)])


def standard(x: np.ndarray) -> np.ndarray:
    return (x - np.mean(x)) / np.std(x)


def quality(listed: list[Any]) -> np.ndarray:
    """What is paid out, what grows and what moves little with the market, of a configuration; all
    0 where that cancels out."""
    measures = [[s.payout for s in listed], [s.growth for s in listed], [-s.beta for s in listed]]
    total = np.sum([standard(mean_ranks(x)) for x in measures if len(set(x)) > 1], axis=0)
    return standard(total) if np.ptp(total) > 1e-9 else np.zeros(len(listed))


def expected(seen: Moving, i: int, ticks: int) -> np.ndarray:
    """(tick, symbol): the stance of a trader."""
    p, close = seen.params(i), seen.closes()
    symbols = seen.members.symbols.tolist()
    markets = [seen.market(i, symbol) for symbol in symbols]

    def columns(of: Any, *lengths: int) -> np.ndarray:
        bars = np.column_stack([of(close[:, m], *lengths) for m in markets])
        return at_ticks(bars, seen.bar, ticks)

    momentum = columns(rules.past_return, int(p["momentum_window"]), int(p["momentum_skip"]))
    volatility = columns(rules.return_deviation, int(p["volatility_window"]))
    reversion = columns(rules.z_score, int(p["reversion_window"]))
    value = np.log(seen.fair_value[:, markets] / seen.mid[:, markets])
    good = quality([seen.sim.config.symbols[symbol] for symbol in symbols])

    held, out = [0] * seen.n_symbols, []
    for row in range(ticks):
        if seen.has_turn(i, row + 1):
            total = rules.scores(
                [
                    (p["momentum_weight"], momentum[row]),
                    (p["value_weight"], value[row]),
                    (p["volatility_weight"], -volatility[row]),
                    (p["reversion_weight"], -reversion[row]),
                    (p["quality_weight"] if good.any() else 0.0, good),
                ]
            )
            if total is not None and np.diff(np.sort(total)).min() < 1e-9:
                held = seen.stance[row, i].tolist()  # equal but for rounding: either may be first
            elif total is not None:
                for symbol, stance in zip(
                    symbols, rules.long_short(total, p["share"]), strict=True
                ):
                    held[symbol] = stance
        out.append(list(held))
    return np.array(out)


ALONE = [{"params": {**SHORT, **weights(**{name: 1.0})}} for name in FACTORS]
MIXED = [
    {"params": SHORT},
    {"params": SHORT, "every": 4, "symbols": ["D", "B", "A"]},
    {"params": {**SHORT, "momentum_skip": 3}, "symbols": ["C", "A"]},
]


@pytest.mark.parametrize(
    "fields",
    [MIXED[0], *(pytest.param(each, marks=pytest.mark.compiled) for each in (*ALONE, *MIXED[1:]))],
)
def test_stances_and_targets_are_those_of_the_ranking(fields: dict[str, Any]) -> None:
    seen = Moving(config_of(traders("factor_long_short", 6, **fields)), envs=[1, 2]).run()
    turned = 0
    for i in range(12):
        rows = expected(seen, i, TICKS)
        np.testing.assert_array_equal(seen.stance[:, i], rows)
        for symbol in seen.members.symbols:
            size = seen.params(i)["size"]
            goals = {stance: goal(seen, i, symbol, stance, size) for stance in (-1, 1)}
            goals[0] = int(seen.members.shares[i, symbol])
            assert seen.target[:, i, symbol].tolist() == [goals[s] for s in rows[:, symbol]]
        turned += int((np.diff(rows, axis=0) != 0).any(axis=1).sum())
    assert turned >= (0 if fields == ALONE[-1] else 12), "quality stays as it is"
    assert seen.stance.any()


def test_a_share_of_the_symbols_on_each_side() -> None:
    """29 % of 100 are 29, although 0.29 * 100 is less in binary."""
    names = [
        {"symbol": f"S{k}", "initial_price": "50.00", "growth": 0.0002 * k} for k in range(100)
    ]
    for share, n in ((0.29, 29), (0.001, 1), (0.5, 50), (0.155, 15)):
        params = {**SHORT, **weights(quality=1), "share": share}
        seen = market(population("factor_long_short", params=params), symbols=names, bar_ticks=1)
        seen.step()
        stance = seen.sim.smart[-1].desk.stance[0].tolist()  # type: ignore[attr-defined]
        assert stance == [-1] * n + [0] * (100 - 2 * n) + [1] * n


THREE = [{"symbol": name, "initial_price": "100.00"} for name in "ABC"]


def scene(by: str, **fields: Any) -> Outgoing:
    params = {
        **weights(**{by: 1.0}),
        "momentum_window": 3,
        "momentum_skip": 0,
        "volatility_window": 3,
        "reversion_window": 3,
        "share": 0.3,
        "size": 10,
        "lifetime": 1,
        **fields.pop("params", {}),
    }
    group = population("factor_long_short", params=params, **{"shares": 100, **fields})
    return market(group, symbols=THREE, bar_ticks=1)


def play(seen: Outgoing, *prices: list[float]) -> list[tuple[int, int, int, int]]:
    """Ticks at these prices of A, B, C; (tick, market, side, quantity) of what is sent."""
    sent = []
    for row in prices:
        for m, price in enumerate(row):
            set_last(seen.sim, round(price * 100) * 100, m)
        sent += [(seen.sim.tick, m.market, m.side, m.qty) for m in seen.step()]
    return sent


RISING = [[100.0, 100, 100], [101, 99, 100.3], [102, 100, 100], [103, 97, 100.2]]


@pytest.mark.parametrize(
    ("by", "bought", "sold"),
    [("momentum", 0, 1), ("value", 1, 0), ("volatility", 0, 1), ("reversion", 1, 0)],
)
def test_the_best_is_bought_and_the_worst_sold(by: str, bought: int, sold: int) -> None:
    seen = scene(by)
    sent = play(seen, *RISING)
    last = [(m, side, qty) for tick, m, side, qty in sent if tick == 4]
    stance = seen.sim.smart[-1].desk.stance[0]  # type: ignore[attr-defined]
    assert (int(np.argmax(stance)), int(np.argmin(stance))) == (bought, sold)
    assert {(bought, 1, 10), (sold, -1, 10)} <= set(last)


@pytest.mark.parametrize(("by", "bars"), [("momentum", 3), ("volatility", 3), ("reversion", 2)])
def test_nothing_before_there_is_history(by: str, bars: int) -> None:
    assert play(scene(by), *RISING[:bars]) == []


@pytest.mark.parametrize("by", ["momentum", "value", "volatility", "reversion"])
def test_symbols_that_are_alike_are_not_ranked(by: str) -> None:
    assert play(scene(by), *[[100.0] * 3] * 12) == []


def test_a_factor_that_does_not_read_yet_stops_the_ranking() -> None:
    both = {"momentum_weight": 1.0, "momentum_window": 4}
    seen = scene("value", params=both)
    assert play(seen, *RISING) == [], "value could be read, momentum not yet"
    assert play(seen, [104.0, 96, 100]) != []


def test_of_equal_scores_the_first_is_bought() -> None:
    seen = scene("momentum", params={"share": 0.34})
    play(seen, [100.0, 100, 100], [101, 101, 99], [102, 102, 98], [103, 103, 97])
    stance = seen.sim.smart[-1].desk.stance[0]  # type: ignore[attr-defined]
    assert stance.tolist() == [1, 0, -1]


def test_who_has_no_shares_does_not_sell() -> None:
    seen = scene("momentum", shares=0)
    assert [(m, side) for _, m, side, _ in play(seen, *RISING)] == [(0, 1)]
    assert seen.sim.smart[-1].desk.stance[0].tolist() == [1, -1, 0]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"params": weights()}, "all factor weights of an agent are 0"),
        ({"params": weights(quality=1)}, "all factor weights of an agent are 0 .quality counts"),
        ({"symbols": ["B"]}, "factor_long_short compares symbols; let it trade two or more"),
        ({"params": {"share": 0.6}}, "share of factor_long_short can be 0.6; give more than 0"),
        ({"params": {"reversion_window": 1}}, "give 2 or more"),
    ],
)
def test_what_cannot_rank_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(qtg.ConfigError, match=message):
        market(population("factor_long_short", **fields), symbols=THREE, ticks=2_000)


def test_factors_are_tested_with_symbols_that_differ() -> None:
    """Or the oracle of quality would be of nothing."""
    listed = config_of().symbols
    assert len({quality(list(listed))[k] for k in range(len(SYMBOLS))}) >= sized(3, 3)
