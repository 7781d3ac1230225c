"""Learning environments on batched markets. Everything here needs the extra `rl`."""

from typing import TYPE_CHECKING, Any

from ..contract import Contract
from ..errors import ConfigError
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

if TYPE_CHECKING:
    from .stable_baselines import BatchVecEnv, make_sb3

__all__ = [
    "BUILDERS",
    "AccountStep",
    "Batch",
    "BatchEnv",
    "BatchVecEnv",
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
    "make_sb3",
    "market_batch",
]


def __getattr__(name: str) -> Any:
    """Doors whose libraries take long to import."""
    if name not in ("BatchVecEnv", "make_sb3"):
        raise AttributeError(f"module 'qtg.gym' has no attribute {name!r}")
    try:
        from . import stable_baselines
    except ImportError as error:
        raise ConfigError(f"{error}; install it with: pip install 'qtg[rl]'") from None
    return getattr(stable_baselines, name)
