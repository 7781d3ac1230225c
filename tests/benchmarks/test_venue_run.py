"""What the venue benchmarks measure is a right answer, every time."""

import numpy as np
import pytest

from qtg.bench.slow_book import Answer
from qtg.bench.venue import VenueRun, to_orders
from qtg.bench.workloads import CANCEL, NAMES, generate
from qtg.schemas import ExecType
from tests.reference.book import SlowVenue
from tests.reference.rules import Message

N = 5_000


@pytest.fixture(params=NAMES)
def run(request: pytest.FixtureRequest) -> VenueRun:
    return VenueRun(generate(request.param, N))


def test_the_venue_gives_the_workloads_right_answer(run: VenueRun) -> None:
    assert run.answer() == run.workload.answer
    assert run.wrong() == ""


def test_every_repetition_meets_an_empty_book(run: VenueRun) -> None:
    first = [column.copy() for column in run.events]
    assert run.once() > 0
    for column, again in zip(first, run.events, strict=True):
        np.testing.assert_array_equal(column, again)


def test_every_message_is_accepted_and_answered(run: VenueRun) -> None:
    assert not (run.events.exec_type == ExecType.REJECTED).any()
    np.testing.assert_array_equal(np.unique(run.events.row), np.arange(N))


def test_a_wrong_answer_is_named(run: VenueRun) -> None:
    right = run.workload.answer
    run.workload = run.workload._replace(answer=right._replace(volume=-1, live=-1))
    assert run.wrong() == "WRONG volume, live"


def test_order_columns_say_what_the_messages_say() -> None:
    messages = generate("W1", N).messages
    orders = to_orders(messages)
    cancels = messages.kind == CANCEL
    np.testing.assert_array_equal(orders.msg_type == 1, cancels)
    np.testing.assert_array_equal(orders.ord_type == 1, messages.kind == 2)
    np.testing.assert_array_equal(orders.order_id[cancels], messages.order_id[cancels])
    np.testing.assert_array_equal(orders.side[~cancels] == 1, messages.buy[~cancels] == 1)
    np.testing.assert_array_equal(orders.price, messages.price)


def test_the_slow_book_agrees_with_the_slow_venue() -> None:
    """Two books written from different texts, on the same mixed messages."""
    workload = generate("W1", 2_000)
    columns = to_orders(workload.messages)._asdict()
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    venue = SlowVenue()
    events = venue.submit([Message(**dict(zip(columns, row, strict=True))) for row in rows])
    fills = [event for event in events if event["exec_type"] == ExecType.TRADE]
    volume = sum(fill["qty"] for fill in fills)
    notional = sum(fill["qty"] * fill["price"] for fill in fills)
    assert Answer(len(fills), volume, notional).differences(workload.answer) == []
