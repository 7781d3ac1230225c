"""What goes into the venue and what comes out."""

from typing import Annotated, NamedTuple

from .columns import I8, I32, I64, NO_ROW, Col


class Orders(NamedTuple):
    """Orders in: each row asks the venue for one thing.

    `qty` of a REPLACE is the new open quantity. A MARKET order's `price` is ignored.
    """

    msg_type: Annotated[I8, Col("MsgType", "new order, cancel or replace")]
    ord_type: Annotated[I8, Col("OrdType", "limit or market")]
    tif: Annotated[I8, Col("TimeInForce", "how long the order lives")]
    exec_inst: Annotated[I8, Col("ExecInst", "post-only or nothing")]
    side: Annotated[I8, Col("Side", "buy 1, sell -1", default=1)]
    market: Annotated[I32, Col("market", "market row: environment * symbols + symbol")]
    agent: Annotated[I32, Col("agent", "agent row; -1 is anonymous", default=NO_ROW)]
    latency_ticks: Annotated[I32, Col("ticks", "ticks before the order reaches the book")]
    price: Annotated[I64, Col("price", "limit price")]
    qty: Annotated[I64, Col("shares", "quantity")]
    order_id: Annotated[I64, Col("id", "order to cancel or replace")]
    expire_tick: Annotated[I64, Col("tick", "first tick at which a GTT order is gone")]


class Events(NamedTuple):
    """Events out: one row for everything that happens, in order.

    For TRADE, `order_id`/`agent`/`side` are the aggressor's and `contra_*` the resting order's;
    `price` is the trade price, `limit_price` the aggressor's limit.
    For REPLACED, `price` and `qty` are the old price and open quantity, `limit_price` and
    `leaves` the new ones. For CANCELED and EXPIRED, `qty` is what was cancelled at `price`.
    """

    exec_type: Annotated[I8, Col("ExecType", "what happened")]
    reason: Annotated[I8, Col("Reason", "why it was rejected or cancelled")]
    side: Annotated[I8, Col("Side", "side of the order")]
    market: Annotated[I32, Col("market", "market row")]
    agent: Annotated[I32, Col("agent", "owner of the order")]
    contra_agent: Annotated[I32, Col("agent", "owner of the resting order in a trade, else -1")]
    row: Annotated[I32, Col("row", "input row that caused the event; -1 for expiries")]
    order_id: Annotated[I64, Col("id", "the order")]
    contra_id: Annotated[I64, Col("id", "the resting order in a trade, else 0")]
    price: Annotated[I64, Col("price", "trade price, else the order's price")]
    limit_price: Annotated[I64, Col("price", "the order's limit price")]
    qty: Annotated[I64, Col("shares", "traded, cancelled or accepted quantity")]
    leaves: Annotated[I64, Col("shares", "open quantity of the order afterwards")]


class Trades(NamedTuple):
    """Fills, one row each, as stored."""

    tick: Annotated[I64, Col("tick", "tick of the trade")]
    time: Annotated[I64, Col("ns", "time of the tick, UTC")]
    trade_id: Annotated[I64, Col("id", "1, 2, 3, ... over the run, without gaps")]
    symbol: Annotated[I32, Col("symbol", "instrument")]
    side: Annotated[I8, Col("Side", "the aggressor's side")]
    price: Annotated[I64, Col("price", "trade price")]
    qty: Annotated[I64, Col("shares", "traded quantity")]
    buyer_id: Annotated[I32, Col("agent", "agent who bought; 0 is the background pool")]
    seller_id: Annotated[I32, Col("agent", "agent who sold; 0 is the background pool")]
    buy_order_id: Annotated[I64, Col("id", "the buy order")]
    sell_order_id: Annotated[I64, Col("id", "the sell order")]


class OrderEvents(NamedTuple):
    """Every event of a run, as stored on request (`storage.orders = true`)."""

    tick: Annotated[I64, Col("tick", "tick of the event")]
    time: Annotated[I64, Col("ns", "time of the tick, UTC")]
    sequence: Annotated[I64, Col("id", "1, 2, 3, ... over the run, without gaps")]
    symbol: Annotated[I32, Col("symbol", "instrument; none if it is not known", default=NO_ROW)]
    exec_type: Annotated[I8, Col("ExecType", "what happened")]
    reason: Annotated[I8, Col("Reason", "why it was rejected or cancelled")]
    side: Annotated[I8, Col("Side", "side of the order")]
    agent: Annotated[I32, Col("agent", "owner of the order")]
    contra_agent: Annotated[I32, Col("agent", "owner of the resting order in a trade, else -1")]
    order_id: Annotated[I64, Col("id", "the order")]
    contra_id: Annotated[I64, Col("id", "the resting order in a trade, else 0")]
    price: Annotated[I64, Col("price", "trade price, else the order's price")]
    limit_price: Annotated[I64, Col("price", "the order's limit price")]
    qty: Annotated[I64, Col("shares", "traded, cancelled or accepted quantity")]
    leaves: Annotated[I64, Col("shares", "open quantity of the order afterwards")]
    time_in_force: Annotated[
        I8,
        Col(
            "TimeInForce",
            "of the new order whose message caused this, of a market order IOC; none if it was "
            "another message, or no message",
            default=NO_ROW,
        ),
    ]
    exec_inst: Annotated[
        I8,
        Col("ExecInst", "of the message that caused this; none if there was none", default=NO_ROW),
    ]
