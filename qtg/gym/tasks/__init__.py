"""What learners can be asked to do."""

from .execution import Execution
from .investing import DailyInvestor
from .making import MarketMaking
from .trading import Trading

__all__ = ["DailyInvestor", "Execution", "MarketMaking", "Trading"]
