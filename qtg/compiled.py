"""What a compiled strategy sends its orders with; see `qtg.compiled_strategy`."""

from qtg.kernels.compiled import (
    MOST_ORDERS,
    Market,
    Me,
    Orders,
    Quote,
    buy,
    cancel,
    replace,
    sell,
    uniform,
)

from .agents.compiled import compiled_strategy

__all__ = [
    "MOST_ORDERS",
    "Market",
    "Me",
    "Orders",
    "Quote",
    "buy",
    "cancel",
    "compiled_strategy",
    "replace",
    "sell",
    "uniform",
]
