"""The book's tables. A market has four ladders: side (buy, sell) by class (others, pool).

Ladder row = market * 4 + 2 * (side is sell) + (owner is the pool). Inside a ladder prices are
*keys*: the price in ticks for buys and its negative for sells, so that a larger key is always
the better price and every kernel is written once for both sides.
"""

from typing import Annotated, NamedTuple

import numpy as np

from .columns import I8, I32, I64, NO_ROW, U64, Col

LADDERS = 4


class RestingOrders(NamedTuple):
    """Resting orders, shape (market, slot). Slots are private; ids are public.

    58 bytes: an order is one cache line.
    """

    order_id: Annotated[I64, Col("id", "public id; 0 marks a free slot")]
    key: Annotated[I64, Col("ticks", "signed price in ticks, larger is better")]
    qty: Annotated[I64, Col("shares", "open quantity")]
    priority: Annotated[I64, Col("id", "time priority in the market, smaller is earlier")]
    expire_tick: Annotated[
        I32, Col("tick", "first tick at which it is gone; 0 never, below 0 with its call auction")
    ]
    agent: Annotated[I32, Col("agent", "owner")]
    next: Annotated[
        I32, Col("row", "later order of the level; right child while parked", default=NO_ROW)
    ]
    prev: Annotated[
        I32, Col("row", "earlier order of the level; left child while parked", default=NO_ROW)
    ]
    parent: Annotated[I32, Col("row", "heap parent while parked", default=NO_ROW)]
    timer: Annotated[I32, Col("row", "place in the expiry lists")]
    ladder: Annotated[I8, Col("code", "2 * (side is sell) + (owner is the pool)")]
    displaced: Annotated[I8, Col("flag", "1 if its id is in `overflow`")]
    parked: Annotated[
        I8, Col("code", "1 while outside the ladder's window, 2 in a call's queue of market orders")
    ]


class Levels(NamedTuple):
    """Price levels inside each ladder's window, shape (ladder, slot); slot = key & (window - 1)."""

    head: Annotated[I32, Col("row", "earliest order of the level", default=NO_ROW)]
    tail: Annotated[I32, Col("row", "latest order of the level", default=NO_ROW)]
    qty: Annotated[I64, Col("shares", "sum of the level's open quantities")]


class Ladders(NamedTuple):
    """One row per ladder."""

    best: Annotated[I64, Col("ticks", "best key in the window, or NO_KEY")]
    low: Annotated[I64, Col("ticks", "lowest key of the window")]
    parked: Annotated[
        I32, Col("row", "root of the heap of orders below the window", default=NO_ROW)
    ]
    orders: Annotated[I32, Col("count", "live orders, parked ones included")]
    first_at_market: Annotated[
        I32, Col("row", "earliest market order waiting for a call to end", default=NO_ROW)
    ]
    last_at_market: Annotated[
        I32, Col("row", "latest market order waiting for a call to end", default=NO_ROW)
    ]


class Markets(NamedTuple):
    """One row per market."""

    tick_size: Annotated[I64, Col("price", "smallest price step", default=1)]
    lot_size: Annotated[I64, Col("shares", "smallest quantity step", default=1)]
    protection_bps: Annotated[
        I64, Col("bps", "how far a market order may walk; 0 is without limit")
    ]
    free: Annotated[I32, Col("count", "free order slots that have been used before")]
    fresh: Annotated[I32, Col("row", "first order slot never used; less `free`: resting orders")]
    free_chunk: Annotated[I32, Col("row", "first free chunk of the expiry lists", default=NO_ROW)]
    fresh_chunk: Annotated[I32, Col("row", "first chunk never used")]
    priority: Annotated[I64, Col("id", "last time priority given")]
    last_price: Annotated[I64, Col("price", "last trade price, or the initial price")]
    tick: Annotated[I32, Col("tick", "the tick that it is in, by its environment's clock")]
    closed: Annotated[I8, Col("flag", "1 while no new orders are taken")]
    calling: Annotated[I8, Col("flag", "1 while orders gather for an auction")]
    ending: Annotated[I8, Col("flag", "1 if orders were gathered that end with the call")]


class Timers(NamedTuple):
    """Expiry buckets, shape (market, bucket); bucket = expire_tick & (buckets - 1)."""

    head: Annotated[I32, Col("row", "first chunk of the list", default=NO_ROW)]
    tail: Annotated[I32, Col("row", "last chunk of the list", default=NO_ROW)]
    listed: Annotated[I32, Col("count", "rows in the list, ended orders included")]


class Directory(NamedTuple):
    """Id -> slot, shape (market, place): of `directory` with place = id & (places - 1), and of
    `overflow`, a hash table for ids whose place is taken. The pool's orders are in neither."""

    order_id: Annotated[I64, Col("id", "0 marks an empty place")]
    slot: Annotated[I32, Col("row", "row of the resting order")]


class Book(NamedTuple):
    """Everything a matching kernel touches, as one argument.

    Unlike the tables that people read, these are arrays of records: a message visits a few rows
    in random order, so a row's values lie side by side (`schemas.columns.record_array`), and a
    kernel holds one pointer per table instead of one per column.
    """

    orders: np.recarray  # RestingOrders (market, slot)
    free: I32  # (market, slot): stack of free order slots, the first `markets.free` of a row
    behind: I32  # (market, slot): which order came behind this one in its level; a hint
    levels: np.recarray  # Levels (ladder, W)
    ladders: np.recarray  # Ladders (ladder,)
    occupied: U64  # (ladder, W / 64): one bit per level slot
    markets: np.recarray  # Markets (market,)
    directory: np.recarray  # Directory (market, place)
    overflow: np.recarray  # Directory (market, bucket)
    timers: np.recarray  # Timers (market, bucket)
    chunks: I32  # (market, 16 * chunk): see kernels.timers
