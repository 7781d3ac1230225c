"""Accounts in reserve: they send nothing of their own, others trade through them."""

from ..exchange import Exchange
from ..stateful import Stateful
from .board import Board
from .population import Members

GUEST = "guest"


class Guests(Stateful):
    """A population of accounts that wait for somebody from outside."""

    most_orders = 0

    def __init__(self, members: Members, exchange: Exchange, board: Board) -> None:
        """Guests keep no columns: what they have is in the ledger."""

    def decide(self, exchange: Exchange) -> None:
        """Guests decide nothing."""

    def nbytes(self) -> int:
        return 0
