"""Hypothesis strategies for small streams that shrink well.

Ids are small numbers, which a venue gives in order from 1 on: most are live or dead orders of the
stream, some are still to come.
"""

from typing import Any

from hypothesis import strategies as st

from qtg.schemas import ExecInst, MsgType, OrdType, SelfTradePrevention, Side, TimeInForce
from tests.reference.rules import MAX_PRICE, MAX_QTY, Message

from .differential import Setup

OWNER = -2  # stands for the owner and the market of the order that a message names


def _message(**fields: int) -> Message:
    """`st.builds` would draw what is not given; a function leaves it at its default."""
    return Message(**fields)


def _setup(**fields: Any) -> Setup:
    return Setup(**fields)


_near = st.integers(95, 105)
_far = st.sampled_from([1, 30, 41, 104, 169, 170, 300, 10_000, MAX_PRICE])
_prices = st.one_of(_near, _near, _near, _far)
_qtys = st.one_of(st.integers(1, 12), st.integers(1, 12), st.sampled_from([500, MAX_QTY]))
_sides = st.sampled_from([Side.BUY, Side.SELL])
_insts = st.sampled_from([ExecInst.NONE, ExecInst.NONE, ExecInst.NONE, ExecInst.POST_ONLY])
_agents = st.sampled_from([-1, 0, 1, 2])
_ids = st.integers(0, 40)

_orders = st.builds(
    _message,
    tif=st.sampled_from(TimeInForce),
    ord_type=st.sampled_from([OrdType.LIMIT] * 5 + [OrdType.MARKET, OrdType.PROTECTED]),
    exec_inst=_insts,
    side=_sides,
    market=st.sampled_from([0, 0, 0, 1]),
    agent=_agents,
    price=_prices,
    qty=_qtys,
    expire_tick=st.integers(0, 12),
)
_requests = st.builds(
    _message,
    msg_type=st.sampled_from([MsgType.CANCEL, MsgType.REPLACE, MsgType.REPLACE]),
    exec_inst=_insts,
    side=_sides,
    agent=st.sampled_from([OWNER] * 6 + [-1, 0, 1]),
    price=_prices,
    qty=_qtys,
    order_id=_ids,
)
_wild = st.builds(
    _message,
    msg_type=st.integers(-1, 3),
    ord_type=st.integers(-1, 3),
    tif=st.integers(-1, 4),
    exec_inst=st.integers(-1, 2),
    side=st.integers(-1, 2),
    market=st.integers(-1, 2),
    agent=_agents,
    price=st.sampled_from([-(2**63), -1, 0, 1, 100, MAX_PRICE, MAX_PRICE + 1, 2**63 - 1]),
    qty=st.sampled_from([-(2**63), -1, 0, 1, MAX_QTY, MAX_QTY + 1, 2**63 - 1]),
    order_id=st.sampled_from([-(2**63), -1, 0, 1, 2, 2**63 - 1]),
    expire_tick=st.sampled_from([-1, 0, 1, 2**63 - 1]),
)
_messages = st.one_of(_orders, _orders, _orders, _requests, _requests, _wild)

# (messages, ticks to move on before them, whether market 0 is closed meanwhile)
batches = st.tuples(
    st.lists(_messages, max_size=15),
    st.sampled_from([0, 0, 0, 1, 1, 2, 300]),
    st.sampled_from([False, False, False, True]),
)
streams = st.lists(batches, max_size=12)

setups = st.builds(
    _setup,
    terms=st.just(((1, 1), (5, 3))),
    self_trade=st.sampled_from(SelfTradePrevention),
    pool_trades_itself=st.booleans(),
    protection_bps=st.sampled_from([0, 0, 1, 250, 9_999, 20_000]),
)
