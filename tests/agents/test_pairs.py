"""Pairs traders: both legs at once, hedged, against the spread."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest

import qtg
from qtg.schemas import Side
from qtg.simulation import Simulation
from tests.sizes import sized

from . import rules
from .market import Outgoing, market, population, set_last
from .moving import SYMBOLS, TICKS, Moving, config_of, traders, uniform

PARAMS = {
    "window": uniform(6, 14),
    "enter": uniform(0.9, 1.5),
    "leave": uniform(0.0, 0.5),
    "size": uniform(20, 120),
    "lifetime": 1,
}
LOTS = [each.get("lot_size", 1) for each in SYMBOLS]


def legs(
    seen: Moving, i: int, pair: tuple[int, int], ratio: float, stance: int
) -> list[int] | None:
    """Positions that hold the spread: `size` of the first against `ratio` times that of the
    second, less where the trader cannot sell as much; None if that is less than a lot of one."""
    first = seen.params(i)["size"]
    has = [int(seen.members.shares[i, symbol]) for symbol in pair]
    if stance == -1:
        first = min(first, has[0])
    else:
        first = min(first, has[1] / ratio)
    shares = [first, first * ratio]
    if any(shares[k] + 1e-6 < LOTS[pair[k]] for k in (0, 1)):
        return None
    whole = [int(shares[k] + 1e-6) // LOTS[pair[k]] * LOTS[pair[k]] for k in (0, 1)]
    return [has[0] + stance * whole[0], has[1] - stance * whole[1]]


def expected(seen: Moving, i: int, ticks: int) -> np.ndarray:
    """(tick, 4): stance of the first leg, stance of the second, target of each."""
    pairs: Any = seen.group._pairs
    pair = (int(pairs.first[i]), int(pairs.second[i]))
    p, close = seen.params(i), seen.closes()
    y, x = (close[:, seen.market(i, symbol)] for symbol in pair)
    n, base = int(p["window"]), [int(seen.members.shares[i, symbol]) for symbol in pair]
    held, wanted, out = 0, base, []
    for tick in range(1, ticks + 1):
        bars = tick // seen.bar
        if bars >= n and seen.has_turn(i, tick):
            fit = rules.hedge(y[bars - n : bars], x[bars - n : bars])
            stance = rules.reversion_stance(fit.zscore, p["enter"], p["leave"], held)
            if stance != held:
                new = base
                if stance != 0:
                    found = legs(seen, i, pair, fit.ratio, stance) if fit.ratio > 0 else None
                    if found is None:  # it cannot trade this spread, and keeps no other
                        stance, found = 0, base
                    new = found
                held, wanted = stance, new
        out.append([held, -held, *wanted])
    return np.array(out)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        pytest.param({"every": 4}, marks=pytest.mark.compiled),
        pytest.param({"symbols": ["C", "A", "D"]}, marks=pytest.mark.compiled),
    ],
)
def test_both_legs_are_those_of_the_rule(fields: dict[str, Any]) -> None:
    seen = Moving(config_of(traders("pairs_trading", 12, params=PARAMS, **fields)), envs=[0, 4])
    seen.run()
    pairs: Any = seen.group._pairs
    acted = 0
    for i in range(24):
        rows = expected(seen, i, TICKS)
        first, second = int(pairs.first[i]), int(pairs.second[i])
        for column, (what, symbol) in enumerate(
            (what, symbol) for what in (seen.stance, seen.target) for symbol in (first, second)
        ):
            np.testing.assert_array_equal(what[:, i, symbol], rows[:, column])
        others = [s for s in range(len(SYMBOLS)) if s not in (first, second)]
        assert not seen.stance[:, i, others].any(), "it trades its pair only"
        acted += len(np.unique(rows[:, 0])) > 1
    assert acted >= sized(12, 4)


def test_both_legs_leave_in_the_same_tick() -> None:
    seen = Moving(config_of(traders("pairs_trading", 12, params=PARAMS, shares=1_000)))
    out = Outgoing(seen.sim)
    seen.run()
    opened = 0
    changed = np.diff(seen.stance, axis=0, prepend=0) != 0
    for tick, i in zip(*np.nonzero(changed.any(axis=2)), strict=True):
        assert changed[tick, i].sum() == 2, "never one leg alone"
        agent = int(seen.members.agent[i])
        from_flat = (seen.held[tick, agent] == seen.members.shares[i]).all()
        if not from_flat or not seen.stance[tick, i].any():
            continue
        sent = [m for t, m in out.sent if t == tick + 1 and m.agent == agent]
        assert len({m.market for m in sent}) == 2
        assert {m.side for m in sent} == {Side.BUY, Side.SELL}
        opened += 1
    assert opened >= sized(20, 4)


def test_everyone_has_a_pair_of_the_populations() -> None:
    names = [each["symbol"] for each in SYMBOLS]
    given = [["D", "A"], ["B", "C"]]
    for pairs, symbols, known in (
        (given, None, {("D", "A"), ("B", "C")}),
        (None, None, set(combinations(names, 2))),
        (None, ["C", "A"], {("C", "A")}),
        ([["A", "C"]], ["C", "A"], {("A", "C")}),
    ):
        group = traders("pairs_trading", 60, params=PARAMS, pairs=pairs, symbols=symbols)
        rows: Any = Simulation(config_of(group)).smart[-1]._pairs  # type: ignore[attr-defined]
        found = {(names[a], names[b]) for a, b in zip(rows.first, rows.second, strict=True)}
        assert found == known


def test_two_populations_draw_their_own_pairs() -> None:
    group = traders("pairs_trading", 40, params=PARAMS)
    first, second = Simulation(config_of(group, group)).smart[-2:]
    assert (first._pairs.first != second._pairs.first).any()  # type: ignore[attr-defined]


TWO = [{"symbol": name, "initial_price": "100.00"} for name in "AB"]


def scene(**fields: Any) -> Outgoing:
    """One trader of A against B over 6 bars of a tick."""
    params = {"window": 6, "enter": 1.5, "leave": 0.5, "size": 40, "lifetime": 1}
    fields = {"pairs": [["A", "B"]], **fields}
    return market(population("pairs_trading", params=params, **fields), symbols=TWO, bar_ticks=1)


def play(
    seen: Outgoing, first: list[float], second: list[float]
) -> list[tuple[int, int, int, int]]:
    """Ticks at these prices in percent; (tick, market, side, quantity) of what is sent."""
    sent = []
    for prices in zip(first, second, strict=True):
        for m, price in enumerate(prices):
            set_last(seen.sim, round(price * 100) * 100, m)
        sent += [(seen.sim.tick, m.market, m.side, m.qty) for m in seen.step()]
    return sent


# B moves half as much as A; in the last bar A is out of line.
SECOND = [100.0, 101.0, 100.5, 102.0, 101.5]
FIRST = [100.0, 102.3, 100.8, 104.2, 102.7]


@pytest.mark.parametrize(("jump", "stance"), [(106.0, -1), (98.0, 1)])
def test_the_dear_leg_is_sold_and_the_cheap_one_bought(jump: float, stance: int) -> None:
    seen = scene()
    assert play(seen, FIRST, SECOND) == [], "the window is not full"
    (a, b) = play(seen, [jump], [101.0])
    y, x = np.array([*FIRST, jump]), np.array([*SECOND, 101.0])
    ratio = rules.hedge(y, x).ratio
    assert a[1:] == (0, stance, 40)
    assert b[1:] == (1, -stance, int(40 * ratio))


def test_a_pair_in_line_is_left_alone() -> None:
    seen = scene()
    assert play(seen, [*FIRST, 102.1, 100.1], [*SECOND, 101.0, 100.0]) == []


def test_prices_that_stand_still_are_no_pair() -> None:
    assert play(scene(), [100.0] * 9, [100.0] * 9) == []
    assert play(scene(), [100.0, 101, 99, 102, 98, 110, 90], [100.0] * 7) == []


def test_legs_that_run_against_each_other_are_no_hedge() -> None:
    """A negative ratio would be the same side twice."""
    seen = scene()
    assert play(seen, [100.0, 99, 101, 98, 102, 110], [100.0, 101, 99, 102, 98, 101]) == []


@pytest.mark.parametrize(("shares", "jump", "sold"), [(0, 106.0, 0), (0, 98.0, 0), (25, 106.0, 25)])
def test_a_leg_is_as_large_as_can_be_sold(shares: int, jump: float, sold: int) -> None:
    seen = scene(shares=shares)
    play(seen, FIRST, SECOND)
    sent = play(seen, [jump], [101.0])
    assert [qty for _, m, side, qty in sent if (m, side) == (0, Side.SELL)] == [sold] * (sold > 0)
    assert len(sent) == (2 if sold else 0), "and the other leg is cut with it"


def test_the_trade_ends_when_the_spread_is_back() -> None:
    seen = scene()
    desk: Any = seen.sim.smart[-1].desk  # type: ignore[attr-defined]
    play(seen, [*FIRST, 106.0], [*SECOND, 101.0])
    assert desk.stance[0].tolist() == [-1, 1]
    play(seen, [103.0, 104.2], [101.2, 101.8])
    assert desk.stance[0].tolist() == [0, 0]
    assert desk.target[0].tolist() == [1_000, 1_000]


def test_a_spread_that_cannot_be_turned_is_closed() -> None:
    """It is long of the spread, which now is dear, and has no A to sell beyond what it bought."""
    params = {"window": 6, "enter": 1.5, "leave": 0.5, "size": 40, "lifetime": 1}
    seller = population("pairs_trading", params=params, pairs=[["A", "B"]], shares=1_000)
    seen = market(seller, symbols=TWO, bar_ticks=1)
    group: Any = seen.sim.smart[-1]
    group.desk.base[0, 0] = 0  # of A it had none to begin with
    play(seen, [*FIRST, 98.0], [*SECOND, 101.0])
    assert group.desk.stance[0].tolist() == [1, -1]
    play(seen, [112.0], [101.1])
    assert group.desk.stance[0].tolist() == [0, 0]
    assert group.desk.target[0].tolist() == [0, 1_000]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"pairs": [["A", "A"]]}, "is a pair of 'A' with itself; name two symbols"),
        ({"pairs": [["A", "B"], ["A", "X"]]}, r"smart.*pairs.1.*no symbol 'X'"),
        ({"pairs": []}, "is empty; leave it out"),
        ({"pairs": [["A", "B"]], "symbols": ["A"]}, "'B' is not among the population's symbols"),
        ({"symbols": ["A"]}, "pairs_trading needs two symbols to trade"),
        ({"pairs": [["A"]]}, "pairs"),
    ],
)
def test_pairs_that_are_none_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(qtg.ConfigError, match=message):
        scene(**{"pairs": None, **fields})


@pytest.mark.parametrize("kind", ["rsi_momentum", "market_maker", "vwap_executor"])
def test_pairs_of_a_kind_that_trades_none_are_refused(kind: str) -> None:
    group = population(kind, pairs=[["A", "B"]])
    with pytest.raises(qtg.ConfigError, match=f"{kind} trades no pairs; remove its `pairs`"):
        market(group, symbols=TWO)


def test_levels_that_overlap_are_refused() -> None:
    with pytest.raises(qtg.ConfigError, match="leave must stay below enter"):
        market(population("pairs_trading", params={"leave": 2, "enter": 2}), symbols=TWO)
    with pytest.raises(qtg.ConfigError, match="3 or more"):
        market(population("pairs_trading", params={"window": 2}), symbols=TWO)


def test_a_population_of_nobody_has_no_pairs() -> None:
    seen = market(population("pairs_trading", 0), symbols=TWO)
    assert seen.step() == []
