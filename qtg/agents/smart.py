"""Tier 1: every kind decides for all its rows at once."""

from collections.abc import Callable

from ..exchange import Exchange
from .board import Board
from .cancel_bots import CancelBots
from .compiled import Compiled, CompiledStrategy
from .ensemble import EnsembleAgents
from .executors import Executors
from .factors import FactorTraders
from .failure import Benched
from .group import Group
from .guests import GUEST, Guests
from .makers import MarketMakers
from .news_traders import NewsTraders
from .noise import NoiseTraders
from .pairs import PairsTraders
from .per_agent import AgentStrategy
from .policies import PolicyAgents
from .population import Members
from .technical import TechnicalTraders
from .user import UserStrategy

_GROUPS: dict[str, Callable[[Members, Exchange, Board], Group]] = {
    "market_maker": MarketMakers,
    "avellaneda_stoikov": MarketMakers,
    "noise_trader": NoiseTraders,
    "cancel_bot": CancelBots,
    "rsi_momentum": TechnicalTraders,
    "trend_follower": TechnicalTraders,
    "macd_crossover": TechnicalTraders,
    "bollinger_reversion": TechnicalTraders,
    "pairs_trading": PairsTraders,
    "factor_long_short": FactorTraders,
    "news_trader": NewsTraders,
    "vwap_executor": Executors,
    "ensemble": EnsembleAgents,
    "rl_agent": PolicyAgents,
    GUEST: Guests,
}


def build_group(
    members: Members, exchange: Exchange, board: Board, benched: list[Benched]
) -> Group:
    """The group of one population of tier 1; a user's notes in `benched` that it was benched."""
    own = members.kind.decide
    if own is None:
        return _GROUPS[members.kind.name](members, exchange, board)
    symbols = tuple(each.symbol for each in members.listed)
    if isinstance(own, Compiled):
        return CompiledStrategy(members, symbols, benched, exchange)
    form = AgentStrategy if isinstance(own, type) else UserStrategy
    return form(members, symbols, benched, board)
