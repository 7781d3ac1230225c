"""What a run keeps beside its trades and order events, and the list of all stored tables.

Two units are used only here: `quote` is a price where 0 says that there is none (people see a
null), and `elapsed` is wall-clock time in nanoseconds.
"""

from typing import Annotated, NamedTuple

from .columns import I8, I32, I64, Col
from .economy import News
from .orders import OrderEvents, Trades

# Raise it when a stored column is added, removed, renamed or changes its unit.
SCHEMA_VERSION = 4


class Candles(NamedTuple):
    """Open, high, low, close and volume per symbol and timeframe; no row where nothing traded."""

    tick: Annotated[I64, Col("tick", "first tick of the candle")]
    time: Annotated[I64, Col("ns", "start of the candle, UTC")]
    symbol: Annotated[I32, Col("symbol", "instrument")]
    timeframe: Annotated[I32, Col("seconds", "length of the candle")]
    open: Annotated[I64, Col("price", "first trade price")]
    high: Annotated[I64, Col("price", "highest trade price")]
    low: Annotated[I64, Col("price", "lowest trade price")]
    close: Annotated[I64, Col("price", "last trade price")]
    volume: Annotated[I64, Col("shares", "traded quantity")]
    notional: Annotated[I64, Col("cash", "sum of price times quantity")]
    trades: Annotated[I64, Col("count", "number of trades")]


class Quotes(NamedTuple):
    """The top of every book after a tick."""

    tick: Annotated[I64, Col("tick", "tick after which the book looked like this")]
    time: Annotated[I64, Col("ns", "time of the tick, UTC")]
    symbol: Annotated[I32, Col("symbol", "instrument")]
    bid: Annotated[I64, Col("quote", "best buy price; 0 if nobody buys")]
    ask: Annotated[I64, Col("quote", "best sell price; 0 if nobody sells")]
    bid_qty: Annotated[I64, Col("shares", "open quantity at the best buy price")]
    ask_qty: Annotated[I64, Col("shares", "open quantity at the best sell price")]
    bid_orders: Annotated[I32, Col("count", "resting buy orders at any price")]
    ask_orders: Annotated[I32, Col("count", "resting sell orders at any price")]
    last: Annotated[I64, Col("price", "last trade price, or the initial price")]
    fair_value: Annotated[I64, Col("price", "fair value that the agents see")]
    volume: Annotated[I64, Col("shares", "quantity traded in this tick")]


class Depth(NamedTuple):
    """The book near the best, as stored on request (`storage.depth_every`): open quantity at each
    price from the best on, empty prices included; no row for a side without orders."""

    tick: Annotated[I64, Col("tick", "tick after which the book looked like this")]
    time: Annotated[I64, Col("ns", "time of the tick, UTC")]
    symbol: Annotated[I32, Col("symbol", "instrument")]
    side: Annotated[I8, Col("Side", "side of the book")]
    distance: Annotated[I32, Col("ticks", "distance from the side's best price")]
    price: Annotated[I64, Col("price", "the price")]
    qty: Annotated[I64, Col("shares", "open quantity at it")]


class Metrics(NamedTuple):
    """One row per tick: wall-clock time by phase and what happened."""

    tick: Annotated[I64, Col("tick", "the tick")]
    time: Annotated[I64, Col("ns", "time of the tick, UTC")]
    news_ns: Annotated[I64, Col("elapsed", "news and fair values")]
    smart_ns: Annotated[I64, Col("elapsed", "tier 1 decides")]
    wake_ns: Annotated[I64, Col("elapsed", "tier 2 wakes and decides")]
    background_ns: Annotated[I64, Col("elapsed", "tier 3 writes its orders")]
    admit_ns: Annotated[I64, Col("elapsed", "risk and validation")]
    delay_ns: Annotated[I64, Col("elapsed", "latency queue")]
    match_ns: Annotated[I64, Col("elapsed", "matching")]
    settle_ns: Annotated[I64, Col("elapsed", "ledger")]
    publish_ns: Annotated[I64, Col("elapsed", "events to storage, candles and hooks")]
    total_ns: Annotated[I64, Col("elapsed", "the whole tick")]
    orders_smart: Annotated[I64, Col("count", "orders written by tier 1")]
    orders_reactive: Annotated[I64, Col("count", "orders written by tier 2")]
    orders_background: Annotated[I64, Col("count", "orders written by tier 3")]
    woken: Annotated[I64, Col("count", "tier 2 agents woken")]
    orders: Annotated[I64, Col("count", "messages that reached the books")]
    rejected: Annotated[I64, Col("count", "messages rejected")]
    events: Annotated[I64, Col("count", "events published")]
    trades: Annotated[I64, Col("count", "trades")]
    accepted: Annotated[I64, Col("count", "new orders that the books took")]
    canceled: Annotated[I64, Col("count", "orders cancelled on request")]
    resting: Annotated[I64, Col("count", "resting orders after the tick")]
    queued: Annotated[I64, Col("count", "messages on their way to the books after the tick")]
    halted: Annotated[I64, Col("count", "markets in a trading halt after the tick")]
    violations: Annotated[
        I64, Col("count", "violations of invariants found in the tick (docs/INVARIANTS.md)")
    ]
    regime: Annotated[I8, Col("Regime", "mood of the market")]


class AgentSnapshots(NamedTuple):
    """One row per agent and snapshot; positions are valued at the last trade price. The first
    snapshot is the start of the run (tick 0)."""

    tick: Annotated[I64, Col("tick", "tick after which the snapshot was taken")]
    time: Annotated[I64, Col("ns", "time of the tick, UTC")]
    agent: Annotated[I32, Col("agent", "agent row")]
    kind: Annotated[I32, Col("kind", "strategy of the agent")]
    tier: Annotated[I8, Col("Tier", "tier of the agent")]
    cash: Annotated[I64, Col("cash", "cash, reserved cash included")]
    reserved_cash: Annotated[I64, Col("cash", "cash held back for resting buy orders")]
    shares: Annotated[I64, Col("shares", "sum of positions over all symbols, shorts negative")]
    position_value: Annotated[I64, Col("cash", "sum of positions at the last trade price")]
    equity: Annotated[I64, Col("cash", "cash plus position value")]
    realized_pnl: Annotated[I64, Col("cash", "profit of what was sold, over all symbols")]
    unrealized_pnl: Annotated[I64, Col("cash", "position value less its cost")]
    fees: Annotated[I64, Col("cash", "fees paid less rebates received")]
    borrow_fees: Annotated[I64, Col("cash", "paid for borrowed shares; the pool receives them")]


class PositionSnapshots(NamedTuple):
    """Positions at snapshots: one row per agent and symbol with shares or a realized profit."""

    tick: Annotated[I64, Col("tick", "tick after which the snapshot was taken")]
    time: Annotated[I64, Col("ns", "time of the tick, UTC")]
    agent: Annotated[I32, Col("agent", "agent row")]
    symbol: Annotated[I32, Col("symbol", "instrument")]
    qty: Annotated[I64, Col("shares", "shares held; negative if short")]
    cost: Annotated[I64, Col("cash", "what they have cost; of a short, less what it brought in")]
    realized_pnl: Annotated[I64, Col("cash", "profit of what was sold")]


class Equity(NamedTuple):
    """What the chosen agents (`storage.equity_of`) are worth, in every so many-th tick; positions
    are valued at the last trade price."""

    tick: Annotated[I64, Col("tick", "tick after which it was taken")]
    time: Annotated[I64, Col("ns", "time of the tick, UTC")]
    agent: Annotated[I32, Col("agent", "agent row")]
    kind: Annotated[I32, Col("kind", "strategy of the agent")]
    cash: Annotated[I64, Col("cash", "cash, reserved cash included")]
    position_value: Annotated[I64, Col("cash", "sum of positions at the last trade price")]
    equity: Annotated[I64, Col("cash", "cash plus position value")]


class Borrows(NamedTuple):
    """Recalls of borrowed shares and buy-ins, one row each. A buy-in is an ordinary order of the
    agent, sent by the exchange; `order_id` leads to its trades and events."""

    tick: Annotated[I64, Col("tick", "tick in which it happened")]
    time: Annotated[I64, Col("ns", "time of the tick, UTC")]
    symbol: Annotated[I32, Col("symbol", "instrument")]
    agent: Annotated[I32, Col("agent", "agent who is short")]
    event: Annotated[I8, Col("BorrowEvent", "what happened")]
    qty: Annotated[I64, Col("shares", "shares recalled, lifted or ordered")]
    due_tick: Annotated[I64, Col("tick", "tick at which what is recalled is bought in, else 0")]
    order_id: Annotated[I64, Col("id", "the order of a buy-in; 0 otherwise, and if refused")]


class HaltRows(NamedTuple):
    """Trading halts, one row each, when it is over or the run ends."""

    tick: Annotated[I64, Col("tick", "last tick of the halt, or of the run if that came first")]
    time: Annotated[I64, Col("ns", "time of the tick, UTC")]
    symbol: Annotated[I32, Col("symbol", "instrument")]
    start_tick: Annotated[I64, Col("tick", "first tick in which orders gathered")]
    reference: Annotated[I64, Col("price", "reference price when it was halted")]
    price: Annotated[I64, Col("price", "last price that was too far from it")]
    reopening: Annotated[I64, Col("quote", "price of the reopening auction; 0 if nothing traded")]


class OpeningRows(NamedTuple):
    """Guests' accounts that were opened during the run, one row each."""

    tick: Annotated[I64, Col("tick", "tick at whose start it was opened")]
    time: Annotated[I64, Col("ns", "time of the tick, UTC")]
    agent: Annotated[I32, Col("agent", "account")]
    cash: Annotated[I64, Col("cash", "cash from then on")]
    cash_before: Annotated[I64, Col("cash", "cash that it had in reserve; now gone")]


class Instruments(NamedTuple):
    """What is traded, one row per symbol."""

    symbol: Annotated[I32, Col("symbol", "instrument")]
    sector: Annotated[I8, Col("Sector", "sector of the company")]
    tick_size: Annotated[I64, Col("price", "smallest price step")]
    lot_size: Annotated[I64, Col("shares", "smallest quantity step")]
    initial_price: Annotated[I64, Col("price", "price before the first trade")]
    shares_outstanding: Annotated[I64, Col("shares", "shares that exist")]


# Folder of a run directory, SQL view and `Result` attribute -> table.
STORED: dict[str, type] = {
    "trades": Trades,
    "candles": Candles,
    "quotes": Quotes,
    "depth": Depth,
    "orders": OrderEvents,
    "agents": AgentSnapshots,
    "positions": PositionSnapshots,
    "equity": Equity,
    "metrics": Metrics,
    "instruments": Instruments,
    "news": News,
    "borrows": Borrows,
    "halts": HaltRows,
    "openings": OpeningRows,
}
