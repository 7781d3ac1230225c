"""Every table of qtg, declared once. See `schemas.columns` for what a declaration yields."""

from .agents import (
    Accounts,
    Holdings,
    Ledger,
    MakerRows,
    MarketView,
    NoiseRows,
    PoolTables,
    PoolTerms,
    Positions,
    ReactiveRows,
)
from .book import (
    LADDERS,
    Book,
    Directory,
    Ladders,
    Levels,
    Markets,
    RestingOrders,
)
from .columns import (
    F64,
    I8,
    I32,
    I64,
    NO_ROW,
    PRICE_SCALE,
    U64,
    Col,
    Column,
    allocate,
    columns,
    grown,
    grown_record_array,
    nbytes,
    record_array,
    taken,
)
from .enums import (
    REASON_TEXT,
    Account,
    ExecInst,
    ExecType,
    Matching,
    MsgType,
    OrdType,
    ReactiveKind,
    Reason,
    Regime,
    Sector,
    SelfTradePrevention,
    Side,
    Status,
    Stream,
    Tier,
    TimeInForce,
    Wake,
)
from .orders import Events, OrderEvents, Orders, Trades
from .records import (
    SCHEMA_VERSION,
    STORED,
    AgentSnapshots,
    Candles,
    Instruments,
    Metrics,
    PositionSnapshots,
    Quotes,
)

__all__ = [name for name in dir() if not name.startswith("_")]
