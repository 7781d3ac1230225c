"""What a message is, and what can be wrong with it before it meets the book.

Written from docs/adr/0002-venue-rules.md and from nothing else; it knows no kernel.
"""

from typing import NamedTuple

from qtg.schemas import Account, ExecInst, MsgType, OrdType, Reason, Side, TimeInForce

from .market import Market

MAX_PRICE = 2**62 - 1
MAX_QTY = 2**40
MAX_TICK = 2**31 - 1


class Message(NamedTuple):
    """One row of `Orders`, with the same defaults."""

    msg_type: int = MsgType.NEW
    ord_type: int = OrdType.LIMIT
    tif: int = TimeInForce.GTC
    exec_inst: int = ExecInst.NONE
    side: int = Side.BUY
    market: int = 0
    agent: int = -1
    latency_ticks: int = 0
    price: int = 0
    qty: int = 0
    order_id: int = 0
    expire_tick: int = 0


def why_malformed(m: Message, tick: int) -> int:
    """The first thing wrong with a NEW row by itself, or 0."""
    if m.ord_type not in (OrdType.LIMIT, OrdType.MARKET, OrdType.PROTECTED):
        return Reason.BAD_ORD_TYPE
    if m.tif not in (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTT):
        return Reason.BAD_TIME_IN_FORCE
    may_rest = m.ord_type == OrdType.LIMIT and m.tif in (TimeInForce.GTC, TimeInForce.GTT)
    if m.exec_inst != ExecInst.NONE and not (m.exec_inst == ExecInst.POST_ONLY and may_rest):
        return Reason.BAD_EXEC_INST
    if m.tif == TimeInForce.GTT:
        if m.ord_type != OrdType.LIMIT:
            return Reason.BAD_TIME_IN_FORCE
        if not tick < m.expire_tick <= MAX_TICK:
            return Reason.BAD_EXPIRE_TICK
    return Reason.NONE if m.side in (Side.BUY, Side.SELL) else Reason.BAD_SIDE


def why_off_terms(m: Message, market: Market) -> int:
    """The first way in which price and quantity do not fit the market, or 0."""
    if m.ord_type != OrdType.MARKET:
        if not 1 <= m.price <= MAX_PRICE:
            return Reason.BAD_PRICE
        if m.price % market.tick_size:
            return Reason.OFF_TICK
    if not 1 <= m.qty <= MAX_QTY:
        return Reason.BAD_QTY
    if m.qty % market.lot_size:
        return Reason.OFF_LOT
    return Reason.MARKET_CLOSED if market.closed else Reason.NONE


def why_bad_replace(m: Message, market: Market) -> int:
    """The first thing wrong with a REPLACE row by itself, or 0."""
    if m.exec_inst not in (ExecInst.NONE, ExecInst.POST_ONLY):
        return Reason.BAD_EXEC_INST
    return why_off_terms(m._replace(ord_type=OrdType.LIMIT), market)


def why_not_yours(market: Market, m: Message) -> int:
    """Why a CANCEL or REPLACE names no order of its sender, or 0."""
    if m.order_id not in market.live or market.live[m.order_id].agent == Account.POOL:
        return Reason.UNKNOWN_ORDER
    return Reason.NONE if market.live[m.order_id].agent == m.agent else Reason.NOT_OWNER


def why_rest_is_cancelled(m: Message) -> int:
    """Why what is left of a NEW row's order may not rest, or 0 if it may."""
    if m.ord_type != OrdType.LIMIT:
        return Reason.NO_LIQUIDITY
    if m.tif in (TimeInForce.IOC, TimeInForce.FOK):
        return Reason.IOC_REMAINDER
    return Reason.NONE
