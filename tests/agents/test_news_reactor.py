"""News reactors sleep until news of their stock is strong enough, go its way, and rest."""

from typing import Any

import numpy as np
import pytest

from qtg.schemas import News as NewsRows
from qtg.schemas import NewsKind, Side, TimeInForce, Wake, allocate
from tests.simulation.small import PRICE, SYMBOL

from .market import Outgoing, market, population

PARAMS = {"threshold": 0.3, "interval": 5, "size": 10, "lifetime": 4}
FIRST = 6
TWO = [
    {**SYMBOL, "symbol": "A", "sector": "tech", "shares_outstanding": 10**7},
    {**SYMBOL, "symbol": "B", "sector": "energy", "shares_outstanding": 10**7},
]
SILENT: dict[str, Any] = {
    "enabled": True,
    **{kind: {"every_ticks": 0} for kind in ("earnings", "rate_decision")},
    **{kind: {"frequency": 0.0} for kind in ("guidance", "company", "sector", "macro")},
}


def listening(**changes: Any) -> Outgoing:
    """One reactor of each stock; both look in tick 1 and listen from then on."""
    groups = [population("news_reactor", params=PARAMS, symbols=[name]) for name in ("A", "B")]
    seen = market(*groups, symbols=TWO, news=SILENT, **changes)
    seen.sim.reactive.watchers.rows.wake_tick[:] = 1
    assert seen.step() == []
    return seen


def tell(seen: Outgoing, **event: Any) -> list[Any]:
    """A tick with an event; what is sent in it."""
    tape, tick = seen.sim.economy.tape, seen.sim.tick + 1
    news = allocate(NewsRows, 1)
    news.tick[:] = tick
    for name, value in {"duration": 3, **event}.items():
        getattr(news, name)[:] = value
    original = tape.now
    tape.now = lambda _: (news, np.zeros(1, np.int32))  # type: ignore[method-assign]
    try:
        return seen.step()
    finally:
        tape.now = original  # type: ignore[method-assign]


@pytest.mark.parametrize(("sentiment", "side"), [(0.3, Side.BUY), (-0.8, Side.SELL)])
def test_a_reactor_goes_the_way_of_strong_news_and_rests(sentiment: float, side: Side) -> None:
    seen = listening()
    rows = seen.sim.reactive.watchers.rows
    (order,) = tell(seen, kind=NewsKind.COMPANY, sector=0, symbol=0, sentiment=sentiment)
    assert (order.agent, order.market, order.side, order.qty) == (FIRST, 0, side, 10)
    assert (order.price, order.tif, order.expire_tick) == (PRICE, TimeInForce.GTT, 2 + 4)
    assert rows.woken.tolist() == [Wake.NEWS, Wake.ASLEEP]
    assert rows.wake_tick.tolist() == [2 + 5, 0]
    again = {"kind": NewsKind.COMPANY, "sector": 0, "symbol": 0, "sentiment": 1.0}
    assert [tell(seen, **again) for _ in range(5)] == [[]] * 5, "it rests, then looks up"
    assert len(tell(seen, **again)) == 1


@pytest.mark.parametrize("sentiment", [0.29, -0.29, 0.0])
def test_a_reactor_sleeps_through_weak_news(sentiment: float) -> None:
    seen = listening()
    assert tell(seen, kind=NewsKind.MACRO, sentiment=sentiment) == []
    assert seen.sim.reactive.watchers.rows.woken.tolist() == [Wake.ASLEEP] * 2


@pytest.mark.parametrize(
    ("event", "concerned"),
    [
        ({"kind": NewsKind.MACRO}, [0, 1]),
        ({"kind": NewsKind.RATE_DECISION, "surprise": -0.0025}, [0, 1]),
        ({"kind": NewsKind.SECTOR, "sector": 1}, [1]),
        ({"kind": NewsKind.SECTOR, "sector": 0}, [0]),
        ({"kind": NewsKind.SECTOR, "sector": 4}, []),
        ({"kind": NewsKind.EARNINGS, "sector": 1, "symbol": 1}, [1]),
        ({"kind": NewsKind.GUIDANCE, "sector": 0, "symbol": 0}, [0]),
    ],
)
def test_news_wakes_those_whom_it_concerns(event: dict[str, Any], concerned: list[int]) -> None:
    seen = listening()
    sent = tell(seen, sentiment=0.5, **event)
    assert [order.market for order in sent] == concerned
    assert seen.sim.exchange.view.news.tolist() == [0.5 * (m in concerned) for m in range(2)]
    seen.step()
    assert seen.sim.exchange.view.news.tolist() == [0.0, 0.0], "news is news for one tick"
