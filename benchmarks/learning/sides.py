"""Which sides there are, and where they are installed."""

from importlib import import_module
from typing import NamedTuple

from ..peers.catalog import OURS, Peer
from .side import Side

CROWDBOOK = Peer(
    "crowdbook", "crowdbook-engine", "crowdbook_learn", ("crowdbook-engine>=0.14",), (3, 12)
)


class Place(NamedTuple):
    """A side, without importing what it needs."""

    peer: Peer
    module: str
    name: str  # of the class
    threads: str


SIDES = {
    "qtg": Place(OURS, "ours", "Qtg", "as made"),
    "crowdbook": Place(CROWDBOOK, "crowdbook", "Crowdbook", "1 thread"),
    "crowdbook-all": Place(CROWDBOOK, "crowdbook", "EveryCore", "all processors"),
}


def load(name: str) -> type[Side]:
    """The class of a side."""
    place = SIDES[name]
    side: type[Side] = getattr(import_module(f".{place.module}", __package__), place.name)
    return side
