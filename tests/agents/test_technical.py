"""Traders who go by an indicator, against the rules in plain Python."""

from typing import Any

import numpy as np
import pytest
import talib

import qtg
from tests.sizes import sized

from . import rules
from .market import Outgoing, market, population, set_last
from .moving import TICKS, Moving, at_ticks, config_of, goal, traders, uniform


def rsi_says(close: np.ndarray, p: dict[str, float]) -> list[np.ndarray]:
    return [talib.RSI(close, int(p["window"]))]


def averages_say(close: np.ndarray, p: dict[str, float]) -> list[np.ndarray]:
    average = rules.exponential_average if p["exponential"] else rules.simple_average
    return [average(close, int(p["fast"])), average(close, int(p["slow"]))]


def macd_says(close: np.ndarray, p: dict[str, float]) -> list[np.ndarray]:
    _, _, histogram = talib.MACD(close, int(p["fast"]), int(p["slow"]), int(p["signal"]))
    return [histogram, rules.exponential_average(close, int(p["slow"]))]


def bands_say(close: np.ndarray, p: dict[str, float]) -> list[np.ndarray]:
    return [rules.z_score(close, int(p["window"]))]


def bands_stance(z: float, p: dict[str, float], held: int) -> int:
    return rules.reversion_stance(z, p["width"], p["middle"], held)


class Case:
    """A kind, parameters that make it act in a short run, and its rule."""

    def __init__(self, kind: str, says: Any, stance: Any, **params: Any) -> None:
        self.kind, self.says, self.stance, self.params = kind, says, stance, params

    def expected(self, seen: Moving, ticks: int) -> np.ndarray:
        """(tick, agent, symbol): the stance of every trader."""
        agents = range(len(seen.members.agent))
        out = np.zeros((ticks, len(agents), seen.n_symbols), int)
        closes = seen.closes()
        for i in agents:
            p = seen.params(i)
            for symbol in seen.members.symbols:
                bars = np.array(self.says(closes[:, seen.market(i, symbol)], p)).T
                held = 0
                for row, readings in enumerate(at_ticks(bars, seen.bar, ticks)):
                    if seen.has_turn(i, row + 1):
                        held = self.stance(*readings, p, held)
                    out[row, i, symbol] = held
        return out


CASES = [
    Case(
        "rsi_momentum",
        rsi_says,
        rules.momentum_stance,
        window=uniform(3, 9),
        oversold=uniform(25, 45),
        overbought=uniform(55, 75),
    ),
    Case(
        "trend_follower",
        averages_say,
        rules.trend_stance,
        fast=uniform(2, 4),
        slow=uniform(6, 11),
        band=uniform(0, 0.0005),
    ),
    Case(
        "macd_crossover",
        macd_says,
        rules.crossover_stance,
        fast=uniform(2, 4),
        slow=uniform(5, 8),
        signal=uniform(2, 5),
    ),
    Case(
        "bollinger_reversion",
        bands_say,
        bands_stance,
        window=uniform(5, 11),
        width=uniform(1.0, 1.8),
        middle=uniform(0.0, 0.8),
    ),
]
each_kind = pytest.mark.parametrize("case", CASES, ids=[case.kind for case in CASES])


def compare(case: Case, seen: Moving, ticks: int = TICKS) -> np.ndarray:
    """Stance and target of every trader, symbol and tick are those of the rule."""
    expected = case.expected(seen, ticks)
    np.testing.assert_array_equal(seen.stance, expected)
    for i in range(len(seen.members.agent)):
        for symbol in seen.members.symbols:
            size = seen.params(i)["size"]
            goals = {stance: goal(seen, i, symbol, stance, size) for stance in (-1, 0, 1)}
            goals[0] = int(seen.members.shares[i, symbol])
            wanted = [goals[stance] for stance in expected[:, i, symbol].tolist()]
            assert seen.target[:, i, symbol].tolist() == wanted
    return expected


@each_kind
def test_stances_and_targets_are_those_of_the_rule(case: Case) -> None:
    seen = Moving(config_of(traders(case.kind, params=case.params))).run()
    expected = compare(case, seen)
    assert set(np.unique(expected[-1])) >= {-1, 1}, "the market made them act both ways"
    changes = np.diff(expected, axis=0) != 0
    assert changes.sum(axis=(0, 2)).min() >= 1, "each of them"
    differing = {tuple(expected[:, i].ravel()) for i in range(expected.shape[1])}
    assert len(differing) > 4, "parameters are each trader's own"


@pytest.mark.compiled
@each_kind
def test_turns_symbols_and_environments(case: Case) -> None:
    group = traders(case.kind, 5, params=case.params, every=4, symbols=["C", "A"])
    seen = Moving(config_of(group), envs=[3, 8]).run()
    expected = compare(case, seen)
    assert not seen.stance[:, :, [1, 3]].any()
    assert (expected[:, :5] != expected[:, 5:]).any(), "the environments differ"
    moved = np.diff(expected, axis=0, prepend=0).any(axis=2)
    rows, agents = np.nonzero(moved)
    turns = (rows + 1 + seen.members.agent[agents]) % 4
    assert not turns.any()
    assert len({int(row) % 4 for row in rows}) > 1, "turns are spread over the traders"


# Hand-made prices, a bar in every tick.
SCENE = {
    "rsi_momentum": {"window": 3, "oversold": 30, "overbought": 70},
    "trend_follower": {"fast": 2, "slow": 4, "band": 0.001},
    "macd_crossover": {"fast": 2, "slow": 4, "signal": 2, "band": 0.001},
    "bollinger_reversion": {"window": 5, "width": 1.5, "middle": 0.3},
}
HISTORY = {"rsi_momentum": 4, "trend_follower": 4, "macd_crossover": 5, "bollinger_reversion": 5}
AGAINST = {"rsi_momentum", "bollinger_reversion"}  # what falls is bought


def scene(kind: str, **fields: Any) -> Outgoing:
    params = {**SCENE[kind], "size": 10, "lifetime": 1}
    return market(population(kind, params=params, shares=100, **fields), bar_ticks=1)


def play(seen: Outgoing, percent: list[float]) -> list[tuple[int, int, int]]:
    """Ticks at these prices in percent of the first; (tick, side, quantity) of what is sent."""
    sent = []
    for each in percent:
        set_last(seen.sim, round(each * 100) * 100)
        sent += [(seen.sim.tick, m.side, m.qty) for m in seen.step()]
    return sent


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("kind", SCENE)
def test_a_jump_is_followed_or_faded(kind: str, direction: int) -> None:
    seen = scene(kind)
    calm = [100, 100.2, 100, 100.2, 100, 100.2, 100]
    jump = [100 + direction * each for each in (3, 4.5)]
    held_before = seen.sim.smart[-1].desk.stance.copy()  # type: ignore[attr-defined]
    assert play(seen, calm) == [], "between its levels it does nothing"
    sent = play(seen, jump)
    side = -direction if kind in AGAINST else direction
    assert sent, "the jump is past its level"
    assert {(m_side, qty) for _, m_side, qty in sent} == {(side, 10)}
    assert not held_before.any()


@pytest.mark.parametrize("kind", SCENE)
def test_nothing_before_there_is_history(kind: str) -> None:
    path = [100.0, 104, 98, 106, 95, 108]
    seen = scene(kind)
    assert play(seen, path[: HISTORY[kind] - 1]) == []
    desk = seen.sim.smart[-1].desk  # type: ignore[attr-defined]
    assert not desk.stance.any()


@pytest.mark.parametrize("kind", SCENE)
def test_nothing_in_a_market_that_does_not_move(kind: str) -> None:
    assert play(scene(kind), [100.0] * 20) == []


@pytest.mark.parametrize(
    ("kind", "params", "still"),
    [
        ("trend_follower", {"fast": uniform(2, 5), "slow": 9, "exponential": 0}, 8),
        ("trend_follower", {"fast": uniform(2, 5), "slow": 9, "exponential": 1}, 40),
        ("macd_crossover", {"fast": 2, "slow": uniform(4, 6), "signal": uniform(2, 4)}, 30),
    ],
)
def test_rounding_is_no_crossing(kind: str, params: dict[str, Any], still: int) -> None:
    """Averages of a price that has stopped meet, and who followed the last crossing stays: after
    `still` ticks they differ by their history for the last time, afterwards by rounding."""
    names = [{"symbol": f"S{k}", "initial_price": "100.00"} for k in range(12)]
    group = population(kind, 4, params={**params, "band": 0})
    seen = market(group, symbols=names, bar_ticks=1, ticks=500)
    desk = seen.sim.smart[-1].desk  # type: ignore[attr-defined]
    prices = np.random.default_rng(5).integers(9_000, 11_000, (12, 13)) * 100
    for row in (*prices.T, *[prices[:, -1]] * (still - 1)):
        for m, price in enumerate(row):
            set_last(seen.sim, int(price), m)
        seen.step()
    settled = desk.stance.copy()
    assert settled.all()
    for _ in range(sized(160, 20)):
        for m, price in enumerate(prices[:, -1]):
            set_last(seen.sim, int(price), m)
        seen.step()
        np.testing.assert_array_equal(desk.stance, settled)


@pytest.mark.parametrize("kind", SCENE)
def test_who_has_no_shares_does_not_sell(kind: str) -> None:
    params = {**SCENE[kind], "size": 10, "lifetime": 1}
    seen = market(population(kind, params=params, shares=0), bar_ticks=1)
    jump = [105.0, 108] if kind in AGAINST else [95.0, 92]
    assert play(seen, [100, 100.2, 100, 100.2, 100, 100.2, *jump]) == []
    desk = seen.sim.smart[-1].desk  # type: ignore[attr-defined]
    assert desk.stance[0, 0] == -1, "it would, if it could"
    assert desk.target[0, 0] == 0


def test_a_bollinger_trade_ends_in_the_middle() -> None:
    seen = scene("bollinger_reversion")
    desk = seen.sim.smart[-1].desk  # type: ignore[attr-defined]
    play(seen, [100, 100.2, 100, 100.2, 100, 97])
    assert (desk.stance[0, 0], desk.target[0, 0]) == (1, 110)
    play(seen, [98])
    assert desk.stance[0, 0] == 1, "still below the middle"
    play(seen, [100, 100])
    assert (desk.stance[0, 0], desk.target[0, 0]) == (0, 100)


def test_a_trend_within_the_band_is_kept() -> None:
    seen = scene("trend_follower")
    desk = seen.sim.smart[-1].desk  # type: ignore[attr-defined]
    play(seen, [100, 100, 100, 101])
    assert desk.stance[0, 0] == 1
    play(seen, [101.0] * 10)
    assert desk.stance[0, 0] == 1, "the averages meet, and it stays"
    play(seen, [100.5])
    assert desk.stance[0, 0] == -1


def test_a_share_of_them_acts_if_chance_says_so() -> None:
    params = {"window": 3, "oversold": 30, "overbought": 70, "size": 10, "lifetime": 1}
    group = population("rsi_momentum", 400, params=params, probability=0.25)
    seen = market(group, bar_ticks=1)
    play(seen, [100, 101, 102, 103])
    desk = seen.sim.smart[-1].desk  # type: ignore[attr-defined]
    first = int((desk.stance == -1).sum())
    assert 60 <= first <= 140, "a quarter of 400 in one tick"
    play(seen, [104])
    assert first < int((desk.stance == -1).sum()) <= 230


@pytest.mark.parametrize(
    ("kind", "params", "message"),
    [
        ("trend_follower", {"fast": 20, "slow": 20}, "fast must stay below slow"),
        ("macd_crossover", {"fast": uniform(5, 30)}, "fast must stay below slow"),
        ("rsi_momentum", {"oversold": 70, "overbought": 30}, "oversold must stay below overbought"),
        ("bollinger_reversion", {"middle": 2.5, "width": 2}, "middle must stay below width"),
        ("rsi_momentum", {"window": 2.5}, "give a whole number"),
        ("bollinger_reversion", {"window": 1}, "give 2 or more"),
        ("rsi_momentum", {"overbought": 101}, "give 0 to 100"),
        ("trend_follower", {"exponential": 2}, "give 0 to 1"),
    ],
)
def test_parameters_that_make_no_rule_are_refused(
    kind: str, params: dict[str, Any], message: str
) -> None:
    with pytest.raises(qtg.ConfigError, match=message):
        market(population(kind, params=params))
