"""Who trades: accounts, positions, and the columns that strategies decide from."""

from typing import Annotated, NamedTuple

from .columns import F64, I8, I32, I64, Col


class Accounts(NamedTuple):
    """Cash side of the ledger, shape (environment * agents,). Rows 0 and 1 of an environment are
    the background pool and the house."""

    kind: Annotated[I32, Col("kind", "strategy kind, an index into the run's kinds")]
    tier: Annotated[I8, Col("Tier", "tier of the agent")]
    cash: Annotated[I64, Col("cash", "cash, reserved part included")]
    reserved: Annotated[I64, Col("cash", "cash set aside for live buy orders at their worst price")]
    fees: Annotated[I64, Col("cash", "fees paid so far, rebates deducted")]
    borrow_fees: Annotated[I64, Col("cash", "paid so far for borrowed shares; negative: received")]
    start_cash: Annotated[I64, Col("cash", "cash at the start of the run")]
    peak_equity: Annotated[
        I64, Col("cash", "most it was worth at the start of a tick; kept for limits.drawdown only")
    ]
    may_short: Annotated[I8, Col("flag", "1 if it may sell what it does not have")]


class Positions(NamedTuple):
    """Share side of the ledger, shape (environment * agents, symbol)."""

    qty: Annotated[I64, Col("shares", "shares held, reserved part included; negative if short")]
    reserved: Annotated[I64, Col("shares", "shares set aside for live sell orders")]
    cost: Annotated[
        I64, Col("cash", "exact total cost (weighted average); of a short, less what it brought in")
    ]
    realized: Annotated[I64, Col("cash", "realized profit so far, before fees")]
    bid_id: Annotated[I64, Col("id", "the agent's latest live buy order, else 0")]
    ask_id: Annotated[I64, Col("id", "the agent's latest live sell order, else 0")]


class Holdings(NamedTuple):
    """Per market: what all agents together hold and have asked for, and the pool's turnover."""

    outstanding: Annotated[I64, Col("shares", "shares that exist")]
    held: Annotated[I64, Col("shares", "held by agents other than the pool, less their shorts")]
    open_buys: Annotated[I64, Col("shares", "live buy quantity of agents other than the pool")]
    pool_bought: Annotated[I64, Col("shares", "bought by the pool")]
    pool_sold: Annotated[I64, Col("shares", "sold by the pool")]
    pool_paid: Annotated[I64, Col("cash", "paid by the pool for what it bought")]
    pool_received: Annotated[I64, Col("cash", "received by the pool for what it sold")]
    located: Annotated[I64, Col("shares", "short if all live sells of agents filled")]
    short: Annotated[I64, Col("shares", "sold by agents who did not have them, not yet covered")]


class Exposures(NamedTuple):
    """What only borrowing and limits need of an account and symbol, shape (environment * agents,
    symbol); without rows where neither is on."""

    open_buys: Annotated[I64, Col("shares", "live buy quantity")]
    accrued: Annotated[I64, Col("cash", "borrow fee owed, times the ticks of a year")]
    recalled: Annotated[I64, Col("shares", "part of its short that the lender wants back")]
    recall_tick: Annotated[I64, Col("tick", "tick at which what is recalled is bought in")]


class Ledger(NamedTuple):
    """Everything a settlement kernel touches."""

    accounts: Accounts
    positions: Positions
    holdings: Holdings
    exposures: Exposures


class MarketView(NamedTuple):
    """What strategies see of each market: the state at the start of the tick. Shape (market,)."""

    bid: Annotated[I64, Col("price", "best bid, 0 if none")]
    ask: Annotated[I64, Col("price", "best ask, 0 if none")]
    bid_qty: Annotated[I64, Col("shares", "open quantity at the best bid")]
    ask_qty: Annotated[I64, Col("shares", "open quantity at the best ask")]
    bid_orders: Annotated[I64, Col("count", "live buy orders")]
    ask_orders: Annotated[I64, Col("count", "live sell orders")]
    last: Annotated[I64, Col("price", "last trade price")]
    mid: Annotated[I64, Col("price", "middle of bid and ask, else the last price")]
    fair_value: Annotated[I64, Col("price", "fundamental value")]
    volume: Annotated[I64, Col("shares", "traded in the previous tick")]
    tick_size: Annotated[I64, Col("price", "smallest price step")]
    lot_size: Annotated[I64, Col("shares", "smallest quantity step")]
    sentiment: Annotated[F64, Col("-1..1", "mood of the background pool, news included")]
    news: Annotated[F64, Col("-1..1", "sentiment of the news of this tick; 0 if there is none")]


class OwnOrders(NamedTuple):
    """Resting orders of a user's strategy, one row per order."""

    order_id: Annotated[I64, Col("id", "public id")]
    row: Annotated[I32, Col("row", "row of the strategy's context that owns it")]
    symbol: Annotated[I32, Col("symbol", "the symbol it is for")]
    side: Annotated[I8, Col("Side", "buy 1, sell -1")]
    price: Annotated[I64, Col("price", "limit price; 0 for a market order waiting in a call")]
    qty: Annotated[I64, Col("shares", "open quantity")]


class MakerRows(NamedTuple):
    """Market makers, one row per agent."""

    env: Annotated[I32, Col("env", "environment")]
    agent: Annotated[I32, Col("agent", "agent row within the environment")]
    latency: Annotated[I32, Col("ticks", "order latency")]
    every: Annotated[I32, Col("ticks", "ticks between two quotes of a symbol")]
    probability: Annotated[F64, Col("share", "chance that it acts in its turn")]
    half_spread: Annotated[F64, Col("fraction", "half of the quoted spread, share of fair value")]
    skew: Annotated[F64, Col("fraction", "quote shift at full inventory, share of fair value")]
    inventory: Annotated[F64, Col("shares", "inventory away from its target that counts as full")]
    target: Annotated[F64, Col("shares", "inventory the maker returns to")]
    risk_aversion: Annotated[F64, Col("1/cash", "Avellaneda-Stoikov gamma; 0 quotes linearly")]
    arrival_decay: Annotated[F64, Col("1/cash", "Avellaneda-Stoikov kappa")]
    horizon: Annotated[F64, Col("ticks", "Avellaneda-Stoikov T - t")]
    volatility: Annotated[I32, Col("row", "reading of the board: volatility of a bar")]
    size: Annotated[F64, Col("shares", "quantity quoted on each side")]


class NoiseRows(NamedTuple):
    """Noise traders, one row per agent."""

    env: Annotated[I32, Col("env", "environment")]
    agent: Annotated[I32, Col("agent", "agent row within the environment")]
    latency: Annotated[I32, Col("ticks", "order latency")]
    every: Annotated[I32, Col("ticks", "ticks from one turn to the next")]
    probability: Annotated[F64, Col("share", "chance that it acts in its turn")]
    deviation: Annotated[F64, Col("fraction", "spread of its prices around fair value")]
    market_share: Annotated[F64, Col("share", "share of its orders sent at market")]
    size: Annotated[F64, Col("shares", "mean order quantity")]
    lifetime: Annotated[F64, Col("ticks", "ticks after which a resting order expires")]


class CancelBotRows(NamedTuple):
    """Cancel bots, one row per agent; the last four columns are what it remembers."""

    env: Annotated[I32, Col("env", "environment")]
    agent: Annotated[I32, Col("agent", "agent row within the environment")]
    latency: Annotated[I32, Col("ticks", "order latency")]
    every: Annotated[I32, Col("ticks", "ticks from one turn to the next")]
    probability: Annotated[F64, Col("share", "chance that it acts in its turn")]
    distance: Annotated[F64, Col("price ticks", "how far behind the best price it places orders")]
    patience: Annotated[F64, Col("ticks", "ticks on the book after which it cancels an order")]
    cancel_share: Annotated[F64, Col("share", "part of its orders that it cancels so soon")]
    size: Annotated[F64, Col("shares", "order quantity")]
    lifetime: Annotated[F64, Col("ticks", "ticks on the book after which it cancels the others")]
    placed: Annotated[I64, Col("tick", "tick in which it placed its order; 0 none")]
    symbol: Annotated[I32, Col("symbol", "the order's symbol")]
    side: Annotated[I8, Col("Side", "the order's side")]
    keeps: Annotated[I8, Col("flag", "1 if the order stays for `lifetime`")]


class ReactiveRows(NamedTuple):
    """Tier 2: agents that sleep until one of their conditions is met. One row per agent and symbol
    that it watches, sorted by market.

    The `next_*` columns collect condition updates during a tick; they are applied after it.
    """

    env: Annotated[I32, Col("env", "environment")]
    agent: Annotated[I32, Col("agent", "agent row within the environment")]
    kind: Annotated[I8, Col("ReactiveKind", "which rule it follows")]
    latency: Annotated[I32, Col("ticks", "order latency")]
    every: Annotated[I32, Col("ticks", "ticks from one turn to the next")]
    probability: Annotated[F64, Col("share", "chance that it notices in its turn")]
    symbol: Annotated[I32, Col("symbol", "the symbol it watches")]
    block: Annotated[I32, Col("row", "the block that it lies in")]
    below: Annotated[I64, Col("price", "wakes when the last price is at or below; 0 never")]
    above: Annotated[I64, Col("price", "wakes when the last price is at or above; 0 never")]
    wake_tick: Annotated[I64, Col("tick", "wakes at this tick; 0 never")]
    news: Annotated[F64, Col("1", "wakes on news of at least this sentiment; infinity never")]
    on_fill: Annotated[I8, Col("0/1", "wakes when its position has changed")]
    filled: Annotated[I8, Col("0/1", "its position has changed since it began to wait for that")]
    reference: Annotated[I64, Col("price", "price its thresholds are measured from")]
    woken: Annotated[I8, Col("Wake", "why it woke this tick; 0 asleep")]
    next_below: Annotated[I64, Col("price", "condition to apply after the tick")]
    next_above: Annotated[I64, Col("price", "condition to apply after the tick")]
    next_wake_tick: Annotated[I64, Col("tick", "condition to apply after the tick")]
    next_news: Annotated[F64, Col("1", "condition to apply after the tick")]
    next_on_fill: Annotated[I8, Col("0/1", "condition to apply after the tick")]
    next_reference: Annotated[I64, Col("price", "reference to apply after the tick")]
    threshold: Annotated[F64, Col("fraction", "move from the reference, or news, that matters")]
    take_profit: Annotated[F64, Col("fraction", "move at which it closes its trade; 0 never")]
    interval: Annotated[F64, Col("ticks", "ticks between two looks, or of rest after acting")]
    size: Annotated[F64, Col("shares", "order quantity")]
    lifetime: Annotated[F64, Col("ticks", "ticks after which a resting order expires")]


class WatchBlocks(NamedTuple):
    """Neighbours in ReactiveRows of one market, and the nearest of their conditions."""

    market: Annotated[I32, Col("row", "market that they watch")]
    first: Annotated[I64, Col("row", "first row")]
    end: Annotated[I64, Col("row", "row after the last")]
    below: Annotated[I64, Col("price", "highest price at or below which one wakes; 0 none")]
    above: Annotated[I64, Col("price", "lowest price at or above which one wakes")]
    wake_tick: Annotated[I64, Col("tick", "first tick at which one wakes")]
    news: Annotated[F64, Col("1", "least sentiment of news that wakes one")]


class RotatorRows(NamedTuple):
    """Tier 2: agents that shift their portfolio between sectors. One row per agent."""

    env: Annotated[I32, Col("env", "environment")]
    agent: Annotated[I32, Col("agent", "agent row within the environment")]
    latency: Annotated[I32, Col("ticks", "order latency")]
    every: Annotated[I32, Col("ticks", "ticks from one turn to the next")]
    probability: Annotated[F64, Col("share", "chance that it notices in its turn")]
    wake_tick: Annotated[I64, Col("tick", "looks at its portfolio at this tick, news or not")]
    threshold: Annotated[F64, Col("1", "sentiment of news that wakes it")]
    interval: Annotated[F64, Col("ticks", "longest time between two looks")]
    scale: Annotated[F64, Col("1", "weight that full sentiment adds to a sector")]
    floor: Annotated[F64, Col("share", "smallest weight of a sector")]
    cap: Annotated[F64, Col("share", "largest weight of a sector")]
    drift: Annotated[F64, Col("share", "distance of a weight from its target that it trades for")]
    invested: Annotated[F64, Col("share", "part of its wealth that is in shares")]
    lifetime: Annotated[F64, Col("ticks", "ticks after which a resting order expires")]


class PoolTerms(NamedTuple):
    """How the background pool behaves, one row per environment."""

    # The name hides tuple.count, which nobody asks a table for.
    count: Annotated[I64, Col("count", "background agents")]  # type: ignore[assignment]
    regime: Annotated[I8, Col("Regime", "mood of the market")]
    base: Annotated[I8, Col("Regime", "what holds again when a burst or cancel storm has passed")]
    since: Annotated[I64, Col("tick", "tick in which the regime began")]
    boost: Annotated[F64, Col("1", "what a burst multiplies activity with", default=1)]
    canceled: Annotated[F64, Col("share", "resting orders cancelled in this tick")]
    activity: Annotated[F64, Col("share", "share of them that send an order in a quiet tick")]
    news_activity: Annotated[F64, Col("1", "how much the strongest sentiment adds to activity")]
    volatility_activity: Annotated[F64, Col("1", "how much a doubled volatility adds to activity")]
    contrarian: Annotated[F64, Col("share", "share of orders that lean against the mood")]
    anchor: Annotated[F64, Col("share", "way of its centre from the mid (0) to fair value (1)")]
    aggressive: Annotated[F64, Col("share", "share of orders priced through the centre")]
    volatility_trading: Annotated[F64, Col("1", "how much a doubled volatility adds to that")]
    sentiment_volatility: Annotated[F64, Col("1", "size of the mood's shocks")]
    sentiment_decay: Annotated[F64, Col("1", "what is left of the mood after a tick")]
    sentiment_clamp: Annotated[F64, Col("1", "largest mood, either way")]
    latency_low: Annotated[I64, Col("ticks", "shortest latency")]
    latency_high: Annotated[I64, Col("ticks", "longest latency")]
    short_variance: Annotated[F64, Col("1", "mean squared log return of the mids, lately")]
    long_variance: Annotated[F64, Col("1", "the same over a longer time")]
    orders: Annotated[I64, Col("count", "orders of this tick")]


class PoolTables(NamedTuple):
    """Quantiles of what the pool draws, shape (2, bins): the second row refines the last bin."""

    offset: Annotated[I32, Col("ticks", "distance from the centre")]
    through: Annotated[I32, Col("ticks", "distance past the centre of an aggressive order")]
    size: Annotated[I32, Col("lots", "order size")]
    lifetime: Annotated[I32, Col("ticks", "ticks until the order expires")]
