"""Learning environments on batched markets. Everything here needs the extra `rl`."""

from ..contract import Contract
from ..features import BUILDERS, Feature
from .batch import Batch, Outcome
from .makers import TradingEnv, default_market, market_batch
from .market_batch import MarketBatch
from .rewards import (
    AccountStep,
    DifferentialSharpe,
    DrawdownPenalty,
    InventoryPenalty,
    LogReturn,
    ProfitAndLoss,
    Reward,
    TerminalBonus,
    TerminalUtility,
    TransactionCost,
)
from .single import BatchEnv, MarketEnv
from .tasks import DailyInvestor, Execution, MarketMaking, Trading
from .textbook import DealerBatch
from .vector import BatchVectorEnv

__all__ = [
    "BUILDERS",
    "AccountStep",
    "Batch",
    "BatchEnv",
    "BatchVectorEnv",
    "Contract",
    "DailyInvestor",
    "DealerBatch",
    "DifferentialSharpe",
    "DrawdownPenalty",
    "Execution",
    "Feature",
    "InventoryPenalty",
    "LogReturn",
    "MarketBatch",
    "MarketEnv",
    "MarketMaking",
    "Outcome",
    "ProfitAndLoss",
    "Reward",
    "TerminalBonus",
    "TerminalUtility",
    "Trading",
    "TradingEnv",
    "TransactionCost",
    "default_market",
    "market_batch",
]
