"""Tier 1: traders who go by an indicator."""

from qtg.kernels.desk import Sight
from qtg.kernels.technical import follow_indicators
from qtg.schemas import TechnicalRows, TechnicalRule, allocate

from ..exchange import Exchange
from .board import Board
from .population import Members
from .traders import Traders

# The parameters that are a rule's two levels.
_LEVELS = {
    TechnicalRule.RSI_MOMENTUM: ("oversold", "overbought"),
    TechnicalRule.TREND_FOLLOWER: ("band", "band"),
    TechnicalRule.MACD_CROSSOVER: ("band", "band"),
    TechnicalRule.BOLLINGER_REVERSION: ("width", "middle"),
}


class TechnicalTraders(Traders):
    """RSI momentum, trend followers, MACD crossover and Bollinger reversion."""

    def __init__(self, members: Members, exchange: Exchange, board: Board) -> None:
        super().__init__(members, exchange, board)
        rule = TechnicalRule[members.kind.name.upper()]
        technical = allocate(TechnicalRows, len(self.rows.agent))
        technical.rule[:] = rule
        first, *second = members.kind.needs
        technical.first[:] = self._readings(members, first)
        technical.second[:] = self._readings(members, second[0] if second else first)
        technical.enter[:], technical.leave[:] = (members.params[name] for name in _LEVELS[rule])
        self._technical = technical

    def _aim(self, exchange: Exchange, sight: Sight) -> None:
        follow_indicators(
            self.rows,
            self.desk,
            self._technical,
            self.symbols,
            sight,
            exchange.ledger,
            exchange.terms,
            exchange.moment,
        )
