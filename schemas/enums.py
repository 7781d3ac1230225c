"""Codes used in the tables. Names follow the FIX vocabulary where it has a word."""

from enum import IntEnum


class MsgType(IntEnum):
    """What an order row asks for (FIX NewOrderSingle, OrderCancelRequest, CancelReplaceRequest)."""

    NEW = 0
    CANCEL = 1
    REPLACE = 2


class Side(IntEnum):
    """Signed, so that a position changes by `side * qty`."""

    BUY = 1
    SELL = -1
    UNDISCLOSED = 7  # as in FIX; in stored tables, an order that was refused for its side


class OrdType(IntEnum):
    LIMIT = 0
    MARKET = 1
    PROTECTED = 2  # a market order whose worst price is given in `price`


class TimeInForce(IntEnum):
    """How long an order lives."""

    GTC = 0  # good till cancel
    IOC = 1  # immediate or cancel: what does not fill at once is cancelled
    FOK = 2  # fill or kill: all at once or nothing
    GTT = 3  # good till tick: expires at the start of `expire_tick`


class ExecInst(IntEnum):
    """Extra instruction on a new order."""

    NONE = 0
    POST_ONLY = 1  # rejected if it would trade on arrival


class ExecType(IntEnum):
    """What happened (FIX ExecType)."""

    NEW = 0
    TRADE = 1
    CANCELED = 2
    REPLACED = 3
    REJECTED = 4
    EXPIRED = 5


class OrdStatus(IntEnum):
    """Where an order stands (FIX OrdStatus)."""

    PENDING_NEW = 0  # sent and on its way; it has an id and no event yet
    NEW = 1  # accepted, nothing filled
    PARTIALLY_FILLED = 2
    FILLED = 3
    CANCELED = 4
    REJECTED = 5
    EXPIRED = 6


class LifecycleEvent(IntEnum):
    """What happens to one order; a trade is one of these for each of its two orders."""

    NEW = 0  # accepted
    PARTIAL_FILL = 1  # traded, and some is open still
    FILL = 2  # traded, and nothing is open any more
    REPLACED = 3
    CANCELED = 4
    EXPIRED = 5
    REJECTED = 6  # never accepted
    CANCEL_REJECTED = 7  # a cancel or replace was refused (FIX OrderCancelReject)


class LifecycleRule(IntEnum):
    """What an event broke."""

    TRANSITION = 0  # the table has no such step
    QUANTITY = 1  # quantities do not add up
    IDENTITY = 2  # market, side, owner or price are not the order's
    REASON = 3  # an order ends without a reason
    TAKING = 4  # a post-only order traded on arrival
    RESTING = 5  # an order that may not rest is left in the book


class Reason(IntEnum):
    """Why an order was rejected or cancelled (after FIX OrdRejReason and CxlRejReason)."""

    NONE = 0
    # malformed
    UNKNOWN_MSG_TYPE = 1
    UNKNOWN_MARKET = 2
    BAD_SIDE = 3
    BAD_ORD_TYPE = 4
    BAD_TIME_IN_FORCE = 5
    BAD_PRICE = 6
    OFF_TICK = 7
    BAD_QTY = 8
    OFF_LOT = 9
    BAD_EXPIRE_TICK = 10
    BAD_AGENT = 11
    BAD_LATENCY = 12
    BAD_EXEC_INST = 13
    # about a resting order
    UNKNOWN_ORDER = 20
    NOT_OWNER = 21
    # risk
    INSUFFICIENT_CASH = 30
    INSUFFICIENT_SHARES = 31
    SHARES_OUTSTANDING = 32
    NOTIONAL_TOO_LARGE = 33
    SHORT_LIMIT = 34
    NO_BORROW = 35
    INSUFFICIENT_MARGIN = 36
    POSITION_LIMIT = 37
    SECTOR_LIMIT = 38
    DRAWDOWN_LIMIT = 39
    # matching
    POST_ONLY_WOULD_CROSS = 40
    FOK_UNFILLABLE = 41
    SELF_TRADE = 42
    NO_LIQUIDITY = 43
    IOC_REMAINDER = 44
    POOL_WOULD_CROSS = 45
    MARKET_CLOSED = 46
    # asked for or due
    REQUESTED = 50
    LIFETIME_OVER = 51


REASON_TEXT = {
    Reason.NONE: "",
    Reason.UNKNOWN_MSG_TYPE: "msg_type is not NEW, CANCEL or REPLACE",
    Reason.UNKNOWN_MARKET: "no market with this row",
    Reason.BAD_SIDE: "side is neither BUY (1) nor SELL (-1)",
    Reason.BAD_ORD_TYPE: "ord_type is not LIMIT, MARKET or PROTECTED",
    Reason.BAD_TIME_IN_FORCE: "tif is not GTC, IOC, FOK or GTT, or does not fit the order type",
    Reason.BAD_PRICE: "limit price must lie in 1 .. 2**62 - 1",
    Reason.OFF_TICK: "price is not a multiple of the market's tick size",
    Reason.BAD_QTY: "quantity must lie in 1 .. 2**40",
    Reason.OFF_LOT: "quantity is not a multiple of the market's lot size",
    Reason.BAD_EXPIRE_TICK: "expire_tick must lie after the current tick and below 2**31",
    Reason.BAD_AGENT: "no agent with this row",
    Reason.BAD_LATENCY: "latency must lie in 0 .. the longest configured latency",
    Reason.BAD_EXEC_INST: "exec_inst is not NONE or POST_ONLY, or does not fit the order",
    Reason.UNKNOWN_ORDER: "no live order with this id in this market",
    Reason.NOT_OWNER: "the order belongs to another agent",
    Reason.INSUFFICIENT_CASH: "free cash does not cover the worst price and fees",
    Reason.INSUFFICIENT_SHARES: "free shares do not cover the quantity",
    Reason.SHARES_OUTSTANDING: "agents would hold more shares than exist",
    Reason.NOTIONAL_TOO_LARGE: "price times quantity exceeds 2**60",
    Reason.SHORT_LIMIT: "the agent would be short more than short_selling.max_short",
    Reason.NO_BORROW: "the market lends no more shares; buy some, or wait until others cover",
    Reason.INSUFFICIENT_MARGIN: "free cash would not cover the margin of the agent's shorts",
    Reason.POSITION_LIMIT: "live orders could lead to more shares than limits.position",
    Reason.SECTOR_LIMIT: "live orders could lead to more in one sector than limits.sector",
    Reason.DRAWDOWN_LIMIT: "the agent has lost limits.drawdown of its peak and may only reduce",
    Reason.POST_ONLY_WOULD_CROSS: "a post-only order would have traded on arrival",
    Reason.FOK_UNFILLABLE: "fill-or-kill quantity is not available at the limit",
    Reason.SELF_TRADE: "self-trade prevention",
    Reason.NO_LIQUIDITY: "the rest of a market order found nothing within its protection price",
    Reason.IOC_REMAINDER: "the rest of an immediate-or-cancel order",
    Reason.POOL_WOULD_CROSS: "the rest of a background order would lock or cross the pool's book",
    Reason.MARKET_CLOSED: "the market is not open for this kind of order",
    Reason.REQUESTED: "cancelled on request",
    Reason.LIFETIME_OVER: "good-till-tick order reached its tick",
}


class SelfTradePrevention(IntEnum):
    """What to do when an order meets a resting order of the same agent."""

    CANCEL_INCOMING = 0
    CANCEL_RESTING = 1
    CANCEL_BOTH = 2


class Matching(IntEnum):
    """How the orders that arrive in one tick are matched."""

    PRICE_TIME = 0  # in arrival order
    SHUFFLED = 1  # in a seeded random order, so that no agent row is favoured
    AUCTION = 2  # all at once at one price


class Status(IntEnum):
    """What a kernel returns beside how far it got."""

    OK = 0
    GROW_ORDERS = 1  # the market's resting-order columns are full
    GROW_EVENTS = 2  # the event columns are full
    GROW_TIMERS = 3  # the market's expiry lists are full


class Tier(IntEnum):
    HOUSE = 0  # the pool's and the exchange's own accounts
    SMART = 1
    REACTIVE = 2
    BACKGROUND = 3


class ReactiveKind(IntEnum):
    """Tier 2 rules."""

    THRESHOLD_BUYER = 0
    THRESHOLD_SELLER = 1
    MOMENTUM_FOLLOWER = 2
    NEWS_REACTOR = 3


class TechnicalRule(IntEnum):
    """Tier 1 rules over indicators."""

    RSI_MOMENTUM = 0
    TREND_FOLLOWER = 1
    MACD_CROSSOVER = 2
    BOLLINGER_REVERSION = 3


class Execution(IntEnum):
    """How a parent order is cut into child orders."""

    IMMEDIATE = 0  # all at once
    TWAP = 1  # evenly over time
    VWAP = 2  # as the market trades, over a time
    POV = 3  # a share of what the market trades, as long as it takes


class Wake(IntEnum):
    """Why a reactive agent woke."""

    ASLEEP = 0
    PRICE_BELOW = 1
    PRICE_ABOVE = 2
    INTERVAL = 3
    NEWS = 4
    FILL = 5


class Regime(IntEnum):
    """How the background pool trades. The last two pass, and the one before holds again."""

    CALM = 0
    NORMAL = 1
    VOLATILE = 2
    CRISIS = 3
    BURST = 4  # activity jumps and decays
    CANCEL_STORM = 5  # it cancels its resting orders in bulk


class Sector(IntEnum):
    TECH = 0
    ENERGY = 1
    FINANCE = 2
    HEALTHCARE = 3
    CONSUMER = 4
    INDUSTRIALS = 5
    MATERIALS = 6
    UTILITIES = 7
    REAL_ESTATE = 8
    COMMUNICATIONS = 9


class NewsKind(IntEnum):
    """What a news event is about, and so what it changes."""

    EARNINGS = 0  # a company's report: its earnings
    GUIDANCE = 1  # what a company expects: its growth
    COMPANY = 2  # anything else about a company: its earnings
    SECTOR = 3  # a branch of industry: the earnings of its companies
    MACRO = 4  # the economy: all earnings, by beta
    RATE_DECISION = 5  # the central bank: the risk-free rate


class BorrowEvent(IntEnum):
    """What happens to shares that are sold short."""

    RECALL = 0  # the lender wants them back by `due_tick`
    LIFTED = 1  # so many are not wanted back any more
    BUY_IN = 2  # the exchange buys back what was recalled and is due
    MARGIN_CALL = 3  # the exchange buys back what the agent's equity does not carry


class Account(IntEnum):
    """Agent rows that every environment has before its own agents."""

    POOL = 0  # the background pool (reference: BACKGROUND_POOL_ID)
    HOUSE = 1  # the exchange: receives fees, pays rebates
    FIRST_AGENT = 2


class Stream(IntEnum):
    """Independent random streams of a run."""

    SETUP = 0
    FAIR_VALUE = 1
    SMART = 2
    REACTIVE = 3
    BACKGROUND = 4
    LATENCY = 5
    SHUFFLE = 6
    USER = 7
    SENTIMENT = 8
    TEST = 9
    NEWS = 10
    REGIME = 11
    METAORDER = 12
    CANCEL = 13
    TEXTBOOK = 14
