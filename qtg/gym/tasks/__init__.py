"""What learners can be asked to do."""

from .execution import Execution
from .making import MarketMaking
from .trading import Trading

__all__ = ["Execution", "MarketMaking", "Trading"]
