"""Cancel bots: when they must place and cancel, and when they must not."""

from typing import Any

import pytest
from scipy import stats

from qtg.schemas import MsgType, Reason, Side, TimeInForce
from tests.reference.rules import Message
from tests.simulation.small import PRICE, STEP, events_of

from .market import CHANCE, Outgoing, market, population, send

BOT = 6  # the row after the four idle accounts
PARAMS = {"distance": 7, "patience": 3, "cancel_share": 1.0, "size": 40, "lifetime": 9}


def bots(count: int = 1, params: dict[str, float] | None = None, **fields: Any) -> Outgoing:
    options = {key: fields.pop(key) for key in list(fields) if "__" in key or key == "symbols"}
    wanted = {**PARAMS, **(params or {})}
    return market(population("cancel_bot", count, params=wanted, **fields), **options)


def step(seen: Outgoing) -> list[Message]:
    """Advance a tick; what the bots sent in it."""
    return [m for m in seen.step() if m.agent >= BOT]


def test_it_places_an_order_behind_the_best_of_its_side() -> None:
    seen = bots(60)
    first = step(seen)  # the book is empty: around the mid
    assert {(m.side, m.price) for m in first} == {
        (Side.BUY, PRICE - 7 * STEP),
        (Side.SELL, PRICE + 7 * STEP),
    }
    seen = bots(60, every=2)
    send(seen.sim, side=1, price=PRICE - 5 * STEP, qty=1)
    send(seen.sim, side=-1, price=PRICE + 5 * STEP, qty=1)
    step(seen)
    later = [m for m in step(seen) if m.msg_type == MsgType.NEW]
    assert {(m.side, m.price) for m in later} == {
        (Side.BUY, PRICE - 12 * STEP),
        (Side.SELL, PRICE + 12 * STEP),
    }
    assert {(m.qty, m.tif) for m in first + later} == {(40, TimeInForce.GTC)}


def test_it_cancels_when_its_patience_is_over_and_not_before() -> None:
    seen = bots()
    (placed,) = step(seen)
    assert placed.msg_type == MsgType.NEW
    own = int(seen.sim.exchange.venue.book_columns.orders.order_id.max())
    assert [step(seen) for _ in range(2)] == [[], []]
    (cancel,) = step(seen)
    assert (cancel.msg_type, cancel.order_id, cancel.agent) == (MsgType.CANCEL, own, BOT)
    assert [e["reason"] for e in events_of(seen.sim)] == [Reason.REQUESTED]
    (again,) = step(seen)
    assert again.msg_type == MsgType.NEW, "and starts over"


def test_what_it_keeps_is_cancelled_at_the_end_of_its_lifetime() -> None:
    seen = bots(params={"cancel_share": 0.0})
    step(seen)
    sent = [step(seen) for _ in range(10)]
    assert sent[:9] == [[]] * 9
    assert [m.msg_type for m in sent[9]] == [MsgType.CANCEL]


def test_it_cancels_the_share_that_it_is_told() -> None:
    seen = bots(400, params={"cancel_share": 0.7, "lifetime": 1_000})
    step(seen)
    for _ in range(3):
        sent = step(seen)
    assert stats.binomtest(len(sent), 400, 0.7).pvalue > CHANCE
    assert {m.msg_type for m in sent} == {MsgType.CANCEL}


def test_it_waits_until_its_order_has_travelled() -> None:
    seen = bots(latency=4, latency__enabled=True, params={"patience": 1})
    sent = [step(seen) for _ in range(8)]
    assert [len(each) for each in sent] == [1, 0, 0, 0, 0, 1, 1, 0]
    assert [each[0].msg_type for each in sent if each] == [0, MsgType.CANCEL, 0]


def test_it_does_not_cancel_what_has_traded() -> None:
    seen = bots()
    (placed,) = step(seen)
    send(seen.sim, side=-placed.side, price=placed.price, qty=40, agent=2)
    if placed.side == Side.SELL:
        seen.sim.exchange.ledger.accounts.cash[2] += 10**9
        seen.sim.exchange.ledger.accounts.start_cash[2] += 10**9
    assert step(seen) == []
    sent = [m for _ in range(2) for m in step(seen)]
    assert MsgType.CANCEL not in {m.msg_type for m in sent}
    assert sent[0].msg_type == MsgType.NEW, "it goes on with a new one"


def test_it_cancels_what_is_left_of_a_partial_fill() -> None:
    seen = bots()
    (placed,) = step(seen)
    send(seen.sim, side=-placed.side, price=placed.price, qty=15, agent=2)
    sent = [m for _ in range(3) for m in step(seen)]
    assert [m.msg_type for m in sent] == [MsgType.CANCEL]
    (ended,) = events_of(seen.sim)
    assert (ended["reason"], ended["qty"]) == (Reason.REQUESTED, 25)


def test_who_has_no_shares_sells_nothing_and_who_has_no_cash_is_refused() -> None:
    seen = bots(80, shares=0)
    assert {m.side for m in step(seen)} == {Side.BUY}
    seen = bots(80, cash=0)
    step(seen)
    told = events_of(seen.sim)
    refused = {e["agent"] for e in told if e["reason"] == Reason.INSUFFICIENT_CASH}
    assert {m.agent for _, m in seen.sent if m.side == Side.BUY} == refused
    again = {m.agent for m in step(seen)}
    assert refused & again == {a for a in refused if a in again}
    assert all(m.msg_type == MsgType.NEW for m in seen.sent_last()), "there is nothing to cancel"


def test_it_acts_only_in_its_turn() -> None:
    assert step(bots(50, probability=0.0)) == []
    seen = bots(50, every=5, params={"patience": 1})
    assert len(step(seen)) == 10
    cancelled = [m for m in step(seen) if m.msg_type == MsgType.CANCEL]
    assert len(cancelled) == 10, "it cancels in time all the same"


def test_prices_stay_on_the_grid_and_above_zero() -> None:
    penny = {"symbol": "A", "initial_price": "0.05", "tick_size": "0.01", "lot_size": 25}
    seen = bots(60, params={"distance": 50}, symbols=[penny])
    assert {m.price for m in step(seen)} == {100, 5_500}
    assert {m.qty for _, m in seen.sent} == {25}


@pytest.mark.compiled
def test_most_of_a_crowd_of_bots_is_cancelled() -> None:
    """With their own parameters: at least four of five orders, within a few ticks."""
    group = population("cancel_bot", 100, shares=5_000)
    seen = market(group, symbols=[{"symbol": "A", "initial_price": "100", "tick_size": "0.01"}])
    new = cancels = 0
    for _ in range(100):
        sent = step(seen)
        new += sum(m.msg_type == MsgType.NEW for m in sent)
        cancels += sum(m.msg_type == MsgType.CANCEL for m in sent)
    assert new > 1_200
    assert 0.8 < cancels / new < 1.0
