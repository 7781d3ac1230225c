"""Which peers there are, what they need, and where their engines live."""

from importlib import import_module
from typing import NamedTuple

from .engine import Engine


class Peer(NamedTuple):
    """An installable engine."""

    name: str  # its module here
    distribution: str
    imports: str  # top-level module of the distribution
    requirements: tuple[str, ...]
    python: tuple[int, int] = (3, 11)  # the oldest that it runs on


PEERS = (
    Peer("bourse", "bourse", "bourse", ("bourse>=0.4", "numpy>=2.2")),
    Peer(
        "orderly_chaos",
        "orderly-chaos",
        "orderly_chaos",
        ("orderly-chaos>=0.2", "numpy>=2.2", "numba>=0.63"),
    ),
    Peer("liquibook", "liquibook", "liquibook", ("liquibook>=2.0", "numpy>=2.2")),
    # pams wants numpy<2, which qtg cannot use: it always needs an environment of its own.
    Peer("pams", "pams", "pams", ("pams>=0.2.2",)),
)
OURS = Peer("ours", "qtg", "qtg", ())


def engines_of(peer: Peer) -> dict[str, type[Engine]]:
    """A peer's engines by name; the peer itself is not imported."""
    engines: dict[str, type[Engine]] = import_module(f".{peer.name}", __package__).ENGINES
    return engines


def find_engine(name: str) -> tuple[Peer, type[Engine]]:
    """The peer and the class behind an engine's name."""
    for peer in (OURS, *PEERS):
        engines = engines_of(peer)
        if name in engines:
            return peer, engines[name]
    raise KeyError(name)
