"""News traders: they go the way of strong news and hold it for a while."""

from typing import Any

import numpy as np
import pytest

import qtg
from qtg.schemas import NewsKind
from tests.sizes import sized

from .market import market, population
from .moving import SYMBOLS, TICKS, Moving, config_of, goal, traders, uniform
from .test_news_reactor import SILENT, tell

OFTEN = {
    **SILENT,
    "company": {"frequency": 0.03, "sentiment": 0.4},
    "sector": {"frequency": 0.02, "sentiment": 0.4},
    "macro": {"frequency": 0.02, "sentiment": 0.3},
}
PARAMS = {"threshold": uniform(0.05, 0.6), "holding": uniform(3, 30)}


class Told(Moving):
    """Keeps what the run's news table says of each symbol."""

    def __init__(self, config: qtg.Config) -> None:
        super().__init__(config)
        self.heard: list[list[float]] = []
        self.sim.add_hook(self._hear)

    def _hear(self, _: Any) -> None:
        news, symbols = self.sim.economy.news, self.sim.config.symbols
        heard = [0.0] * len(symbols)
        for sector, symbol, sentiment in zip(news.sector, news.symbol, news.sentiment, strict=True):
            for row, listed in enumerate(symbols):
                if sector in (-1, listed.sector) and symbol in (-1, row):
                    heard[row] = min(max(heard[row] + sentiment, -1.0), 1.0)
        self.heard.append(heard)


def expected(seen: Told, i: int, symbol: int) -> list[int]:
    """Stance of a trader in every tick; `holding` counts from when it was taken."""
    p, stance, since, out = seen.params(i), 0, 0, []
    for tick in range(1, TICKS + 1):
        news = seen.heard[tick - 1][symbol]
        if seen.has_turn(i, tick):
            before = stance
            if news != 0 and abs(news) >= p["threshold"]:
                stance = 1 if news > 0 else -1
            elif tick - since >= p["holding"]:
                stance = 0
            since = tick if stance != before else since
        out.append(stance)
    return out


@pytest.mark.parametrize("fields", [{}, {"every": 3, "symbols": ["C", "B"]}])
def test_stances_and_targets_are_those_of_the_news(fields: dict[str, Any]) -> None:
    group = traders("news_trader", 12, params=PARAMS, **{"shares": uniform(50, 400), **fields})
    seen = Told(config_of(group, news=OFTEN))
    seen.run()
    assert sum(map(np.any, seen.heard)) > sized(30, 8)
    changed = 0
    for i in range(12):
        for symbol in seen.members.symbols.tolist():
            stances = expected(seen, i, symbol)
            assert seen.stance[:, i, symbol].tolist() == stances
            goals = {s: goal(seen, i, symbol, s, seen.params(i)["size"]) for s in (-1, 1)}
            goals[0] = int(seen.members.shares[i, symbol])
            assert seen.target[:, i, symbol].tolist() == [goals[s] for s in stances]
            changed += len(set(stances)) == 3
    assert changed > sized(12, 3), "long, short and flat"


def scene(**fields: Any) -> Any:
    params = {"threshold": 0.3, "holding": 4, "size": 10, "lifetime": 1}
    listed = [{**each, "shares_outstanding": 10**7} for each in SYMBOLS[:2]]
    group = population("news_trader", params=params, **fields)
    return market(group, symbols=listed, news=SILENT)


ABOUT_A = {"kind": NewsKind.COMPANY, "sector": 0, "symbol": 0}


@pytest.mark.parametrize(("sentiment", "side"), [(0.3, 1), (-0.8, -1)])
def test_strong_news_is_followed_and_then_left(sentiment: float, side: int) -> None:
    seen = scene()
    assert seen.step() == []
    (order,) = tell(seen, sentiment=sentiment, **ABOUT_A)
    assert (order.market, order.side, order.qty) == (0, side, 10)
    desk = seen.sim.smart[-1].desk
    assert desk.target[0].tolist() == [1_000 + 10 * side, 1_000]
    for _ in range(3):
        seen.step()
        assert desk.stance[0].tolist() == [side, 0]
    seen.step()
    assert desk.stance[0].tolist() == [0, 0]
    assert desk.target[0].tolist() == [1_000, 1_000]


@pytest.mark.parametrize("sentiment", [0.29, -0.29, 0.0])
def test_weak_news_is_ignored(sentiment: float) -> None:
    assert tell(scene(), sentiment=sentiment, **ABOUT_A) == []


def test_without_news_nothing_happens() -> None:
    seen = scene()
    assert [seen.step() for _ in range(20)] == [[]] * 20
    never = Moving(config_of(traders("news_trader"))).run(sized(100, 20))
    assert not never.stance.any(), "news is switched off"


def test_a_threshold_of_0_waits_for_news_all_the_same() -> None:
    seen = market(population("news_trader", params={"threshold": 0}), news=SILENT)
    assert [seen.step() for _ in range(5)] == [[]] * 5


def test_opposite_news_turns_the_position() -> None:
    seen = scene()
    tell(seen, sentiment=0.5, **ABOUT_A)
    tell(seen, sentiment=-0.5, **ABOUT_A)
    desk = seen.sim.smart[-1].desk
    assert desk.stance[0].tolist() == [-1, 0]
    assert desk.target[0, 0] == 990
    for _ in range(3):
        seen.step()
    assert desk.stance[0, 0] == -1, "a holding of its own"
    seen.step()
    assert desk.stance[0, 0] == 0


def test_bad_news_of_what_it_does_not_hold_sends_nothing() -> None:
    seen = scene(shares=0)
    assert tell(seen, sentiment=-0.9, **ABOUT_A) == []
    assert [seen.step() for _ in range(6)] == [[]] * 6
    assert len(tell(seen, sentiment=0.9, **ABOUT_A)) == 1


def test_news_of_a_symbol_it_may_not_trade_is_nothing() -> None:
    assert tell(scene(symbols=["B"]), sentiment=0.9, **ABOUT_A) == []
