"""Tier 1: traders who go with the news."""

from qtg.kernels.desk import Sight
from qtg.kernels.news_trading import trade_news
from qtg.schemas import NewsRows, allocate

from ..exchange import Exchange
from .board import Board
from .population import Members
from .traders import Traders


class NewsTraders(Traders):
    """Long after good news, short after bad, for a while."""

    def __init__(self, members: Members, exchange: Exchange, board: Board) -> None:
        super().__init__(members, exchange, board)
        self._news = allocate(NewsRows, len(self.rows.agent))
        self._news.threshold[:] = members.params["threshold"]
        self._news.holding[:] = members.params["holding"]

    def _aim(self, exchange: Exchange, sight: Sight) -> None:
        trade_news(
            self.rows,
            self.desk,
            self._news,
            self.symbols,
            sight,
            exchange.ledger,
            exchange.terms,
            exchange.moment,
        )
