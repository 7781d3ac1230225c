"""Whatever is sent to a venue, its events never make an order do what no order can."""

from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtg.lifecycle import OrderLog
from qtg.schemas import Events, ExecType, Matching, OrdStatus, SelfTradePrevention, columns
from tests.reference.columns import as_columns, as_dicts
from tests.reference.lifecycle import SlowLifecycle
from tests.reference.rules import Message
from tests.sizes import sized

from .differential import Setup
from .flow import Flow
from .lifecycle import Followed, compare, found
from .strategies import OWNER, setups, streams


def addressed(followed: Followed, messages: list[Message]) -> list[Message]:
    """The messages with OWNER filled in, as far as the order they name is live."""
    owners = followed.owners()
    return [
        message._replace(**dict(zip(("agent", "market"), owners.get(message.order_id, (-1, 0)))))
        if message.agent == OWNER
        else message
        for message in messages
    ]


@pytest.mark.parametrize("matching", list(Matching))
@pytest.mark.parametrize("self_trade", list(SelfTradePrevention))
def test_no_event_of_a_long_stream_is_impossible(
    self_trade: SelfTradePrevention, matching: Matching
) -> None:
    setup = Setup(
        self_trade=self_trade,
        matching=matching,
        pool_trades_itself=self_trade == SelfTradePrevention.CANCEL_BOTH,
        protection_bps=150 if self_trade == SelfTradePrevention.CANCEL_RESTING else 0,
        envs=2,
    )
    followed, steering = Followed(setup.fast()), setup.slow()
    # The slow venue only tells the flow which orders there may be; it trades in arrival order.
    for batch, tick in Flow(steering, seed=40 + self_trade).batches(sized(5_000, 300)):
        steering.submit(batch, tick)
        followed.submit(batch, tick)
    followed.check()
    seen = {OrdStatus(code) for code in followed.venue.order_log.states.status.tolist()}
    assert seen >= {OrdStatus.FILLED, OrdStatus.CANCELED, OrdStatus.EXPIRED, OrdStatus.REJECTED}


doings = st.sampled_from(["trade"] * 4 + ["auction", "call", "call one", "uncross", "uncross one"])


@settings(max_examples=sized(200, 15))
@given(setups, st.sampled_from(Matching), streams, st.lists(doings, min_size=12, max_size=12))
def test_no_event_is_impossible_in_any_mode(
    setup: Setup, matching: Matching, stream: list[Any], modes: list[str]
) -> None:
    """Calls begin and end, of all markets or of one; markets close and open."""
    followed, tick = Followed(setup._replace(matching=matching).fast()), 0
    venue = followed.venue
    for (messages, ticks, closed), mode in zip(stream, modes):
        tick += ticks
        (venue.close if closed else venue.open)(0)
        if mode.startswith("call"):
            venue.begin_call(0 if mode == "call one" else None)
        elif mode.startswith("uncross"):
            followed.uncross([0] if mode == "uncross one" else None)
        followed.submit(addressed(followed, messages), tick, auction=mode == "auction")
    followed.check()


def recorded(seed: int, messages: int) -> Events:
    """The events of a stream, all of one tick for those who read them."""
    setup = Setup(self_trade=SelfTradePrevention.CANCEL_BOTH)
    slow, fast, told = setup.slow(), setup.fast(), []
    for batch, tick in Flow(slow, seed).batches(messages):
        slow.submit(batch, tick)
        told.append(fast.submit(as_columns(batch), tick=tick))
    return Events(*(np.concatenate(column) for column in zip(*told)))


@pytest.fixture(scope="module")
def real() -> Events:
    return recorded(seed=3, messages=sized(1_500, 300))


def damaged(events: Events, random: Random) -> Events:
    """A few events lost, doubled, swapped or changed in one column."""
    rows = list(range(len(events.qty)))
    for _ in range(random.randint(0, 6)):
        at = random.randrange(len(rows))
        how = random.choice(("lose", "double", "swap", "later"))
        if how == "lose":
            del rows[at]
        elif how == "double":
            rows.insert(random.randrange(len(rows)), rows[at])
        elif how == "swap":
            other = random.randrange(len(rows))
            rows[at], rows[other] = rows[other], rows[at]
        else:
            rows.append(rows.pop(at))
    copy = Events(*(column[rows].copy() for column in events))
    for _ in range(random.randint(0, 12)):
        column = random.choice(columns(Events))
        at = random.randrange(len(rows))
        limits = np.iinfo(column.dtype)
        values = copy._asdict()[column.name]
        old = int(values[at])
        near = (old + 1, old - 1, -old, 0, 1, 2, limits.max, limits.min)
        values[at] = min(max(random.choice(near), limits.min), limits.max)
    return copy


@pytest.mark.parametrize("part", range(4))
def test_damage_is_found_where_the_slow_account_finds_it(real: Events, part: int) -> None:
    random, impossible = Random(part), 0
    for _ in range(sized(40, 3)):
        events = damaged(real, random)
        log, slow = OrderLog(history=True), SlowLifecycle()
        log.fold(events, tick=5)
        slow.read(as_dicts(events), 5)
        assert found(log.violations) == slow.impossible
        compare(log, slow)
        impossible += len(slow.impossible)
    assert impossible > 0


@settings(max_examples=sized(150, 15))
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "exec_type": st.sampled_from([*ExecType, *ExecType, -1, 6]),
                "order_id": st.integers(0, 3),
                "contra_id": st.integers(0, 3),
                "side": st.sampled_from([1, 1, -1]),
                "qty": st.integers(-1, 4),
                "leaves": st.integers(-1, 4),
                "reason": st.sampled_from([0, 13, 20, 44, 50]),
                "market": st.sampled_from([0, 0, 0, 1]),
                "row": st.just(-1),
                "contra_agent": st.just(0),
            }
        ),
        max_size=25,
    )
)
def test_events_made_up_are_judged_like_by_the_slow_account(made_up: list[dict[str, int]]) -> None:
    blank = dict.fromkeys(Events._fields, 0)
    rows = [blank | event for event in made_up]
    table = np.array([list(row.values()) for row in rows], np.int64).reshape(-1, len(blank)).T
    events = Events(*(values.astype(c.dtype) for values, c in zip(table, columns(Events))))
    log, slow = OrderLog(history=True), SlowLifecycle()
    log.fold(events, tick=1)
    slow.read(rows, 1)
    assert found(log.violations) == slow.impossible
    compare(log, slow)
