"""What is known of each order: where it stands, how it got there, and what cannot be."""

from typing import Annotated, NamedTuple

from .columns import F64, I8, I32, I64, NO_ROW, Col


class OrderStates(NamedTuple):
    """Orders as their events tell it, one row each, in the order in which they were first seen.

    `lifetime` is the TimeInForce that holds for the order, 4 if it is not known; a market order
    counts as IOC, since it does not rest either. `qty` is the sum of `cum_qty`, `leaves` and what
    was cancelled or expired.
    """

    order_id: Annotated[I64, Col("id", "the order")]
    market: Annotated[I32, Col("market", "market row")]
    agent: Annotated[I32, Col("agent", "owner of the order")]
    side: Annotated[I8, Col("Side", "side of the order")]
    lifetime: Annotated[I8, Col("TimeInForce", "how long it may live")]
    status: Annotated[I8, Col("OrdStatus", "where it stands")]
    reason: Annotated[I8, Col("Reason", "why it was rejected or cancelled")]
    fills: Annotated[I32, Col("count", "trades that it took part in")]
    price: Annotated[I64, Col("price", "limit price; 0 of a market order")]
    qty: Annotated[I64, Col("shares", "quantity as ordered or as replaced")]
    cum_qty: Annotated[I64, Col("shares", "filled so far")]
    leaves: Annotated[I64, Col("shares", "open quantity")]
    notional: Annotated[F64, Col("price", "sum of price times quantity of its fills")]
    first_tick: Annotated[I64, Col("tick", "tick of its first event")]
    last_tick: Annotated[I64, Col("tick", "tick of its last event")]


class OrderSteps(NamedTuple):
    """What happened to orders, a row for each order that an event concerns; both of a trade's."""

    at: Annotated[I64, Col("row", "number of the event in the stream, from 0 on")]
    tick: Annotated[I64, Col("tick", "tick of the event")]
    order_id: Annotated[I64, Col("id", "the order")]
    contra_id: Annotated[I64, Col("id", "the other order of a trade, else 0")]
    market: Annotated[I32, Col("market", "market row")]
    contra: Annotated[I8, Col("flag", "1 for the resting order of a trade (`contra_id`)")]
    event: Annotated[I8, Col("LifecycleEvent", "what happened")]
    status: Annotated[I8, Col("OrdStatus", "where the order stands then")]
    reason: Annotated[I8, Col("Reason", "why it was refused or ended")]
    price: Annotated[I64, Col("price", "trade price, else the order's limit price then")]
    qty: Annotated[I64, Col("shares", "traded, cancelled, refused or accepted quantity")]
    cum_qty: Annotated[I64, Col("shares", "filled so far")]
    leaves: Annotated[I64, Col("shares", "open quantity then")]


class LifecycleViolations(NamedTuple):
    """What an order's life cannot contain, one row for each; `event` -1 is no event that exists."""

    at: Annotated[I64, Col("row", "number of the event in the stream, from 0 on")]
    tick: Annotated[I64, Col("tick", "tick of the event")]
    order_id: Annotated[I64, Col("id", "the order")]
    market: Annotated[I32, Col("market", "market row")]
    rule: Annotated[I8, Col("LifecycleRule", "what was broken")]
    status: Annotated[I8, Col("OrdStatus", "where the order stood")]
    event: Annotated[I8, Col("LifecycleEvent", "what happened", default=NO_ROW)]
