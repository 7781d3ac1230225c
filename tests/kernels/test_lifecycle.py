"""One order at a time through the table, and what a venue tells of its orders."""

from typing import Any

import numpy as np
import pytest

import qtg
from qtg import ExecInst, MsgType, OrdStatus, OrdType, TimeInForce
from qtg.kernels.lifecycle import ANY, ILLEGAL, TRANSITIONS
from qtg.lifecycle import OrderLog, lifecycle_violations, next_status, order_states
from qtg.schemas import Events, ExecType, LifecycleEvent, LifecycleRule, OrderEvents, Reason

NEW = {
    "exec_type": ExecType.NEW,
    "order_id": 1,
    "side": 1,
    "limit_price": 100,
    "price": 100,
    "qty": 5,
    "leaves": 5,
}
FILL = dict(NEW, exec_type=ExecType.TRADE, qty=2, leaves=3, contra_id=2, contra_agent=9)
OTHER = dict(NEW, order_id=2, side=-1, agent=9, qty=4, leaves=4)
ENDED = (OrdStatus.FILLED, OrdStatus.CANCELED, OrdStatus.REJECTED, OrdStatus.EXPIRED)


def columns_of(*events: dict[str, int]) -> dict[str, list[int]]:
    blank = dict.fromkeys(Events._fields, 0) | {"row": -1}
    rows = [blank | event for event in events]
    return {name: [row[name] for row in rows] for name in blank}


def broken(*events: dict[str, int], **options: Any) -> list[tuple[int, int]]:
    """(event number, rule) of each violation."""
    found = lifecycle_violations(columns_of(*events), **options)
    return list(zip(found.at.tolist(), found.rule.tolist()))


def changed(event: dict[str, int], **fields: int) -> dict[str, int]:
    return event | fields


CANCEL = changed(NEW, exec_type=ExecType.CANCELED, reason=Reason.REQUESTED, leaves=0)
EXPIRE = changed(CANCEL, exec_type=ExecType.EXPIRED, reason=Reason.LIFETIME_OVER)
REPLACE = changed(NEW, exec_type=ExecType.REPLACED, limit_price=90, leaves=8)
REJECT = changed(NEW, exec_type=ExecType.REJECTED, reason=Reason.OFF_TICK, leaves=0)


def test_an_ended_order_can_only_be_asked_for_in_vain() -> None:
    for status in ENDED:
        for event in LifecycleEvent:
            allowed = event == LifecycleEvent.CANCEL_REJECTED
            after = TRANSITIONS[:, status, event]
            assert set(after.tolist()) == {status if allowed else ILLEGAL}


def test_what_one_time_in_force_allows_any_allows_and_nothing_else() -> None:
    each, either = TRANSITIONS[:ANY], TRANSITIONS[ANY]
    assert np.array_equal(each.max(axis=0), either)
    assert ((each == either) | (each == ILLEGAL)).all()


@pytest.mark.parametrize(
    ("tif", "event", "statuses"),
    [
        (TimeInForce.GTC, LifecycleEvent.EXPIRED, ()),
        (TimeInForce.IOC, LifecycleEvent.EXPIRED, ()),
        (TimeInForce.FOK, LifecycleEvent.EXPIRED, ()),
        (TimeInForce.GTT, LifecycleEvent.EXPIRED, (OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED)),
        (TimeInForce.FOK, LifecycleEvent.CANCELED, ()),
        (TimeInForce.FOK, LifecycleEvent.REPLACED, ()),
        (TimeInForce.IOC, LifecycleEvent.REPLACED, (OrdStatus.NEW,)),
        (TimeInForce.IOC, LifecycleEvent.CANCELED, (OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED)),
    ],
)
def test_time_in_force_limits_the_table(
    tif: TimeInForce, event: LifecycleEvent, statuses: tuple[OrdStatus, ...]
) -> None:
    legal = np.flatnonzero(TRANSITIONS[tif, :, event] != ILLEGAL)
    assert legal.tolist() == list(statuses)


def test_a_step_that_no_order_takes_says_state_event_and_why() -> None:
    assert next_status(OrdStatus.NEW, LifecycleEvent.PARTIAL_FILL) == OrdStatus.PARTIALLY_FILLED
    with pytest.raises(
        qtg.LifecycleError, match="order 7 is FILLED and cannot be REPLACED"
    ) as told:
        next_status(OrdStatus.FILLED, LifecycleEvent.REPLACED, order_id=7)
    error = told.value
    assert (error.order_id, error.status, error.event) == (7, 3, LifecycleEvent.REPLACED)
    assert error.why == "no order takes this step"
    with pytest.raises(qtg.LifecycleError):
        next_status(OrdStatus.NEW, LifecycleEvent.EXPIRED, TimeInForce.GTC)
    for codes in ((9, 0, 0), (0, 9, 0), (0, 0, 5), (0, 0, -1)):
        with pytest.raises(qtg.ConfigError):
            next_status(*codes)


@pytest.mark.parametrize(
    ("events", "rule"),
    [
        ([OTHER, FILL], LifecycleRule.TRANSITION),
        ([CANCEL], LifecycleRule.TRANSITION),
        ([NEW, NEW], LifecycleRule.TRANSITION),
        ([NEW, CANCEL, CANCEL], LifecycleRule.TRANSITION),
        ([NEW, CANCEL, NEW], LifecycleRule.TRANSITION),
        ([NEW, EXPIRE, REPLACE], LifecycleRule.TRANSITION),
        ([REJECT, NEW], LifecycleRule.TRANSITION),
        ([REJECT, CANCEL], LifecycleRule.TRANSITION),
        ([NEW, changed(NEW, exec_type=17)], LifecycleRule.TRANSITION),
        ([changed(NEW, leaves=4)], LifecycleRule.QUANTITY),
        ([changed(NEW, qty=0, leaves=0)], LifecycleRule.QUANTITY),
        ([NEW, changed(CANCEL, qty=4)], LifecycleRule.QUANTITY),
        ([NEW, changed(CANCEL, leaves=1)], LifecycleRule.QUANTITY),
        ([NEW, changed(REPLACE, leaves=0)], LifecycleRule.QUANTITY),
        ([NEW, changed(REPLACE, leaves=-1)], LifecycleRule.QUANTITY),
        ([NEW, changed(REPLACE, qty=4)], LifecycleRule.QUANTITY),
        ([changed(NEW, order_id=0)], LifecycleRule.IDENTITY),
        ([changed(NEW, order_id=-3)], LifecycleRule.IDENTITY),
        ([NEW, changed(CANCEL, side=-1)], LifecycleRule.IDENTITY),
        ([NEW, changed(CANCEL, agent=4)], LifecycleRule.IDENTITY),
        ([NEW, changed(CANCEL, market=1)], LifecycleRule.IDENTITY),
        ([NEW, changed(CANCEL, price=99)], LifecycleRule.IDENTITY),
        ([NEW, changed(CANCEL, reason=0)], LifecycleRule.REASON),
        ([NEW, changed(EXPIRE, reason=0)], LifecycleRule.REASON),
        ([changed(REJECT, reason=0)], LifecycleRule.REASON),
    ],
)
def test_what_no_order_can_do_is_found(events: list[dict[str, int]], rule: LifecycleRule) -> None:
    assert broken(*events) == [(len(events) - 1, rule)]
    with pytest.raises(qtg.LifecycleError, match=f"order {events[-1]['order_id']} is "):
        order_states(columns_of(*events))


@pytest.mark.parametrize(
    ("fill", "rules"),
    [
        (FILL, []),
        (changed(FILL, qty=6, leaves=-1), [LifecycleRule.QUANTITY] * 2),  # both overfilled
        (changed(FILL, qty=0, leaves=5), [LifecycleRule.QUANTITY] * 2),
        (changed(FILL, qty=5, leaves=0), [LifecycleRule.QUANTITY]),  # the resting one has 4
        (changed(FILL, leaves=2), [LifecycleRule.QUANTITY]),
        (changed(FILL, contra_agent=1), [LifecycleRule.IDENTITY]),
        (changed(FILL, contra_id=3), [LifecycleRule.TRANSITION]),
        (changed(FILL, side=-1), [LifecycleRule.IDENTITY] * 2),
        (changed(FILL, market=1), [LifecycleRule.IDENTITY] * 2),
        (changed(FILL, agent=5), [LifecycleRule.IDENTITY]),
    ],
)
def test_a_trade_is_a_step_of_both_orders(fill: dict[str, int], rules: list[int]) -> None:
    assert broken(NEW, OTHER, fill) == [(2, rule) for rule in rules]


def test_an_impossible_event_changes_nothing() -> None:
    log = OrderLog()
    for event in (NEW, OTHER, FILL, changed(CANCEL, qty=9), changed(FILL, leaves=2)):
        log.fold(Events(*(np.array(c) for c in columns_of(event).values())), tick=4)
    state = log.frame().row(0, named=True)
    assert (state["status"], state["cum_qty"], state["leaves"]) == ("partially_filled", 2, 3)
    assert log.violations.tick.tolist() == [4] * len(log.violations.at)


def test_quantities_prices_and_reasons_are_kept() -> None:
    events = [
        NEW,
        OTHER,
        FILL,
        changed(REPLACE, qty=3),
        changed(FILL, price=90, limit_price=90, qty=2, leaves=6),
        changed(CANCEL, price=90, limit_price=90, qty=6),
        changed(REJECT, reason=Reason.UNKNOWN_ORDER),
    ]
    states = order_states(columns_of(*events))
    mine = {name: column[0].item() for name, column in states._asdict().items()}
    assert mine["status"] == OrdStatus.CANCELED
    assert (mine["cum_qty"], mine["leaves"], mine["qty"], mine["fills"]) == (4, 0, 10, 2)
    assert (mine["reason"], mine["price"]) == (Reason.REQUESTED, 90)
    assert mine["notional"] == 2 * 100 + 2 * 90
    assert states.status[1] == OrdStatus.FILLED


@pytest.mark.parametrize(
    "reason",
    [
        *(Reason.UNKNOWN_MSG_TYPE, Reason.UNKNOWN_MARKET, Reason.BAD_AGENT, Reason.BAD_LATENCY),
        *(Reason.UNKNOWN_ORDER, Reason.NOT_OWNER),
    ],
)
def test_a_refused_request_is_no_end_of_an_order_that_is_still_on_its_way(reason: Reason) -> None:
    assert broken(changed(REJECT, reason=reason), NEW, changed(REJECT, reason=reason)) == []


def test_a_time_in_force_and_an_instruction_are_known_from_the_batch() -> None:
    orders = {"tif": [TimeInForce.GTC, TimeInForce.FOK], "exec_inst": [ExecInst.POST_ONLY, 0]}
    first, second = changed(NEW, row=0), changed(OTHER, row=1)
    taking = changed(FILL, row=0)
    assert broken(first, second, taking, orders=orders) == [(2, LifecycleRule.TAKING)]
    assert broken(first, second, taking) == []
    expire = changed(EXPIRE, order_id=1)
    assert broken(first, expire, orders=orders) == [(1, LifecycleRule.TRANSITION)]
    cancel = changed(CANCEL, order_id=2, side=-1, agent=9, qty=4)
    assert broken(second, cancel, orders=orders) == [(1, LifecycleRule.TRANSITION)]


def test_an_order_that_may_not_rest_is_found_in_the_book() -> None:
    venue = qtg.Venue(markets=2)
    venue.track_orders()
    venue.begin_call(0)
    ioc = {"tif": [TimeInForce.IOC, TimeInForce.IOC], "price": [100, 100], "qty": [1, 1]}
    venue.submit(dict(ioc, market=[0, 1]))
    log = venue.order_log
    assert log.violations.at.size == 0  # one waits for its auction, one was cancelled
    log.check_rest(0, np.zeros(2, bool), tick=0)
    found = log.violations
    assert (found.order_id.tolist(), found.rule.tolist()) == ([1], [LifecycleRule.RESTING])
    with pytest.raises(qtg.LifecycleError, match="order 1 is still NEW"):
        venue.orders()


def test_stored_events_are_read_by_their_own_tick() -> None:
    columns = columns_of(NEW, CANCEL)
    stored = {name: columns[name] for name in OrderEvents._fields if name in columns}
    states = order_states(stored | {"tick": [3, 8], "sequence": [1, 2], "symbol": [0, 0]})
    assert (states.first_tick.tolist(), states.last_tick.tolist()) == ([3], [8])


def test_malformed_event_columns_are_one_clear_error() -> None:
    with pytest.raises(qtg.OrderError, match="no event column is called 'colour'"):
        lifecycle_violations({"colour": [1]})
    with pytest.raises(qtg.OrderError, match="event column qty must hold integers"):
        lifecycle_violations({"qty": [1.5]})
    with pytest.raises(qtg.OrderError, match="event columns have unequal lengths"):
        lifecycle_violations({"qty": [1], "leaves": [1, 2]})
    with pytest.raises(qtg.OrderError, match="events must be columns by name"):
        lifecycle_violations([1, 2])


def venue_with(**options: Any) -> qtg.Venue:
    """A venue whose order 1 is filled in part, 2 and 3 filled, 4 cancelled, 5 rejected."""
    venue = qtg.Venue()
    venue.track_orders(**options)
    venue.submit({"side": [1, -1, -1], "price": [100, 100, 100], "qty": [5, 1, 2]})
    cancel = {"msg_type": [0, MsgType.CANCEL, MsgType.CANCEL], "order_id": [0, 4, 4]}
    venue.submit(dict(cancel, side=[1, 0, 0], price=[90, 0, 0], qty=[2, 0, 0]), tick=3)
    venue.submit({"ord_type": [OrdType.MARKET], "side": [1], "qty": [0]})
    return venue


def test_a_venue_tells_where_its_orders_stand() -> None:
    orders = venue_with().orders()
    assert orders["status"].to_list() == [
        *("partially_filled", "filled", "filled", "canceled", "rejected")
    ]
    assert orders["cum_qty"].to_list() == [3, 1, 2, 0, 0]
    assert orders["avg_price"].to_list() == [100.0, 100.0, 100.0, None, None]
    assert orders["time_in_force"].to_list() == ["gtc", "gtc", "gtc", "gtc", "ioc"]
    assert orders["reason"].to_list()[3:] == ["requested", "bad_qty"]


def test_a_market_order_does_not_rest_so_it_counts_as_immediate_or_cancel() -> None:
    venue = qtg.Venue()
    venue.track_orders()
    venue.submit({"side": [-1], "price": [100], "qty": [9]})
    kinds = {"ord_type": [OrdType.MARKET] * 3, "tif": [TimeInForce.GTC, 1, TimeInForce.FOK]}
    venue.submit({**kinds, "side": [1, 1, 1], "qty": [1, 1, 1]})
    assert venue.orders()["time_in_force"].to_list() == ["gtc", "ioc", "ioc", "fok"]


def test_a_venue_tells_what_happened_to_an_order() -> None:
    venue = venue_with()
    assert venue.order_history(4).select("tick", "event", "status", "reason").rows() == [
        (3, "new", "new", "none"),
        (3, "canceled", "canceled", "requested"),
        (3, "cancel_rejected", "canceled", "unknown_order"),
    ]
    fills = venue.order_history(1).rows(named=True)[1:]
    assert [(row["contra_id"], row["qty"], row["leaves"]) for row in fills] == [
        (2, 1, 4),
        (3, 2, 2),
    ]
    assert venue.order_history(99).height == 0


def test_ended_orders_are_forgotten_and_live_ones_are_not() -> None:
    venue = qtg.Venue()
    venue.track_orders(ended=10)
    venue.submit({"side": [1, -1], "price": [50, 50], "qty": [2, 1]})  # live, and filled in part
    for _ in range(100):
        venue.submit({"side": [-1, 1], "price": [100, 100], "qty": [1, 1]})
    orders = venue.orders()
    assert orders["order_id"][0] == 1
    assert 10 <= orders.height - 1 <= 20
    assert orders["order_id"].to_list()[1:] == list(range(204 - orders.height, 203))
    assert venue.order_history(2).height == 0
    assert venue.order_history(202)["event"].to_list() == ["new", "fill"]
    assert venue.order_history(1)["event"].to_list() == ["new", "partial_fill"]
    venue.submit({"msg_type": [MsgType.CANCEL], "order_id": [2]})  # it ended, and is forgotten
    assert venue.orders()["order_id"].to_list()[:1] == [1]
    assert len(venue.order_log.tables.steps) <= 128  # memory follows what is kept


def test_a_reset_venue_starts_a_new_log() -> None:
    venue = venue_with()
    venue.reset()
    assert venue.orders().height == 0
    venue.submit({"price": [100], "qty": [1]})
    assert venue.orders()["order_id"].to_list() == [1]


def test_expiries_of_an_advance_and_trades_of_a_call_are_kept() -> None:
    venue = qtg.Venue()
    venue.track_orders()
    venue.submit({"tif": [TimeInForce.GTT], "expire_tick": [4], "price": [100], "qty": [1]})
    venue.advance(4)
    venue.begin_call()
    venue.submit({"side": [1, -1], "price": [100, 100], "qty": [1, 1]})
    venue.uncross()
    assert venue.orders()["status"].to_list() == ["expired", "filled", "filled"]


def test_environments_have_ids_of_their_own() -> None:
    venue = qtg.Venue(markets=2, envs=(0, 1))
    venue.track_orders()
    venue.submit({"market": [0, 3], "price": [100, 200], "qty": [1, 2]})
    assert venue.orders().select("order_id", "market", "price").rows() == [(1, 0, 100), (1, 3, 200)]
    assert venue.order_history(1, market=2)["price"].to_list() == [200]


def test_orders_that_are_not_kept_are_one_clear_error() -> None:
    venue = qtg.Venue()
    with pytest.raises(qtg.ConfigError, match="keeps no orders; call track_orders before"):
        venue.orders()
    venue.submit({"price": [100], "qty": [1]})
    with pytest.raises(qtg.ConfigError, match="1 orders rest already"):
        venue.track_orders()
    with pytest.raises(qtg.ConfigError, match="ended must be at least 0 orders, got -1"):
        qtg.Venue().track_orders(ended=-1)
    with pytest.raises(qtg.ConfigError, match="keeps no history"):
        venue_with(history=False).order_history(1)
    with pytest.raises(qtg.ConfigError, match="market 7 does not exist"):
        venue_with().order_history(1, market=7)
