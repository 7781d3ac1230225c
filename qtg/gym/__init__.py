"""Learning environments on batched markets. Everything here needs the extra `rl`."""

from .batch import Batch, Outcome
from .rewards import (
    Accounts,
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
from .single import BatchEnv
from .textbook import DealerBatch
from .vector import BatchVectorEnv

__all__ = [
    "Accounts",
    "Batch",
    "BatchEnv",
    "BatchVectorEnv",
    "DealerBatch",
    "DifferentialSharpe",
    "DrawdownPenalty",
    "InventoryPenalty",
    "LogReturn",
    "Outcome",
    "ProfitAndLoss",
    "Reward",
    "TerminalBonus",
    "TerminalUtility",
    "TransactionCost",
]
