"""Replay of recorded order-level messages: does our venue fill the orders that were filled?"""

from .replayer import replay_l3
from .result import L3Replay

__all__ = ["L3Replay", "replay_l3"]
