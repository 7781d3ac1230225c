"""Tier 1: every kind decides for all its rows at once."""

from collections.abc import Callable

from .group import Group
from .makers import MarketMakers
from .noise import NoiseTraders
from .population import Members
from .user import UserStrategy

_GROUPS: dict[str, Callable[[Members], Group]] = {
    "market_maker": MarketMakers,
    "noise_trader": NoiseTraders,
}


def build_group(members: Members, symbols: tuple[str, ...]) -> Group:
    """The group of one population of tier 1."""
    if members.kind.decide is not None:
        return UserStrategy(members, symbols)
    return _GROUPS[members.kind.name](members)
