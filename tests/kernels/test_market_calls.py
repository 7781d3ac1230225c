"""Calls of single markets: each behaves as it would in a venue of its own."""

from random import Random

import numpy as np
import pytest

from qtg.errors import ConfigError
from qtg.schemas import Events, Matching, MsgType, OrdType, Side, TimeInForce
from qtg.venue import Venue
from tests.reference.columns import as_columns
from tests.reference.rules import Message
from tests.sizes import sized

COLUMNS = [name for name in Events._fields if name not in ("market", "row")]


class Apart:
    """One venue of several markets, and as many venues of one; ids count by environment."""

    def __init__(self, markets: int, threads: int, matching: Matching) -> None:
        envs = list(range(markets))
        self.together = Venue(envs=envs, threads=threads, matching=matching, seed=5, orders=16)
        self.alone = [Venue(envs=[env], matching=matching, seed=5) for env in envs]

    def submit(self, messages: list[Message], tick: int) -> None:
        events = self.together.submit(as_columns(messages), tick=tick)
        for m, venue in enumerate(self.alone):
            mine = [message._replace(market=0) for message in messages if message.market == m]
            same(events, m, venue.submit(as_columns(mine), tick=tick))

    def begin(self, markets: list[int]) -> None:
        self.together.begin_call(markets)
        for m in markets:
            self.alone[m].begin_call()

    def uncross(self, markets: list[int]) -> None:
        events = self.together.uncross(market=markets)
        assert set(events.market.tolist()) <= set(markets)
        for m in markets:
            same(events, m, self.alone[m].uncross())

    def check(self) -> None:
        calling = [venue.calling for venue in self.alone]
        assert self.together.gathering.tolist() == calling
        assert self.together.calling == any(calling)
        for m, venue in enumerate(self.alone):
            assert self.together.book(m).orders().rows() == venue.book().orders().rows()


def same(events: Events, market: int, alone: Events) -> None:
    mine = events.market == market
    for name in COLUMNS:
        assert getattr(events, name)[mine].tolist() == getattr(alone, name).tolist(), name


def drawn(random: Random, markets: int, tick: int) -> Message:
    msg_type = random.choices(list(MsgType), (8, 1, 1))[0]
    ord_type = random.choices(list(OrdType), (10, 1, 1))[0] if msg_type == MsgType.NEW else 0
    tif = TimeInForce.GTC if ord_type else random.choice(list(TimeInForce))
    return Message(
        msg_type=msg_type,
        ord_type=ord_type,
        tif=tif,
        side=random.choice((Side.BUY, Side.SELL)),
        market=random.randrange(markets),
        agent=random.choice((-1, 0, 3, 4)),
        price=random.randint(90, 110),
        qty=random.randint(1, 9),
        order_id=random.randint(1, 200),
        expire_tick=tick + random.randint(1, 9),
    )


@pytest.mark.parametrize("matching", Matching)
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_markets_in_a_call_and_markets_that_trade_do_not_touch_each_other(
    threads: int, matching: Matching
) -> None:
    for seed in range(sized(12, 2)):
        random, pair = Random(seed), Apart(5, threads, matching)
        for tick in range(1, 25):
            free = np.flatnonzero(~pair.together.gathering).tolist()
            calling = np.flatnonzero(pair.together.gathering).tolist()
            if random.random() < 0.4 and free:
                pair.begin(random.sample(free, random.randint(1, len(free))))
            if random.random() < 0.4 and calling:
                pair.uncross(random.sample(calling, random.randint(1, len(calling))))
            pair.submit([drawn(random, 5, tick) for _ in range(random.randint(0, 60))], tick)
            pair.check()


def test_orders_for_unknown_markets_are_refused_beside_a_call() -> None:
    venue = Venue(markets=2)
    venue.begin_call(1)
    events = venue.submit({"market": [7, 1, 0], "price": [5, 5, 5], "qty": [1, 1, 1]})
    assert events.market.tolist() == [0, 1, 7]


def test_a_call_of_a_market_that_does_not_exist_is_refused() -> None:
    venue = Venue(markets=2)
    for ask in (venue.begin_call, lambda m: venue.uncross(market=m)):
        with pytest.raises(ConfigError, match="market 2 does not exist; this venue has 2"):
            ask(2)
    assert not venue.calling


def test_a_reset_ends_all_calls() -> None:
    venue = Venue(markets=3)
    venue.begin_call([0, 2])
    assert venue.gathering.tolist() == [True, False, True]
    venue.reset()
    assert not venue.calling
    assert not venue.gathering.any()
