"""Tier 1: every kind decides for all its rows at once."""

from collections.abc import Callable

from ..exchange import Exchange
from .compiled import Compiled, CompiledStrategy
from .failure import Benched
from .group import Group
from .makers import MarketMakers
from .noise import NoiseTraders
from .per_agent import AgentStrategy
from .population import Members
from .user import UserStrategy

_GROUPS: dict[str, Callable[[Members], Group]] = {
    "market_maker": MarketMakers,
    "noise_trader": NoiseTraders,
}


def build_group(
    members: Members, symbols: tuple[str, ...], benched: list[Benched], exchange: Exchange
) -> Group:
    """The group of one population of tier 1; a user's notes in `benched` that it was benched."""
    own = members.kind.decide
    if isinstance(own, Compiled):
        return CompiledStrategy(members, symbols, benched, exchange)
    if own is not None:
        form = AgentStrategy if isinstance(own, type) else UserStrategy
        return form(members, symbols, benched)
    return _GROUPS[members.kind.name](members)
