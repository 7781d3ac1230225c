"""A run as a service inside a process: one simulation thread, any number of threads and tasks."""

from .acknowledgement import Acknowledgement, Admission
from .bridge import Bridge, BridgeState, Health
from .client import AsyncClient, Client
from .subscription import EventBatch, Overflow, Subscription
from .views import BookCopy, Portfolio, Position

__all__ = [
    "Acknowledgement",
    "Admission",
    "AsyncClient",
    "BookCopy",
    "Bridge",
    "BridgeState",
    "Client",
    "EventBatch",
    "Health",
    "Overflow",
    "Portfolio",
    "Position",
    "Subscription",
]
