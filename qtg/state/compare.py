"""Where two states differ, in the words of the market."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from .capture import Snapshot

# Which axes the arrays of a part have; the first that fits counts.
_AXES = (
    ("exchange.ledger.accounts", ("account",)),
    ("exchange.ledger.positions", ("account", "symbol")),
    ("exchange.ledger.exposures", ("account", "symbol")),
    ("exchange.ledger.holdings", ("market",)),
    ("exchange.view", ("market",)),
    ("exchange.halts.halted", ("market",)),
    ("exchange.silent", ("agent",)),
    ("exchange.venue.book.markets", ("market",)),
    ("exchange.venue.book.orders", ("market", "row")),
    ("exchange.venue.book.levels", ("ladder", "row")),
    ("exchange.venue.book.ladders", ("ladder",)),
    ("exchange.venue.next_id", ("env",)),
    ("exchange.venue.moment", ("env",)),
    ("economy.fundamentals", ("market",)),
    ("economy.rates", ("env",)),
    ("economy.sentiment", ("env", "sector")),
    ("board._values", ("row", "market")),
    ("background.pool.terms", ("env",)),
    ("background.pool.sentiment", ("market",)),
    ("publisher.trace", ("env",)),
    ("publisher.event_count", ("env",)),
)
_LADDERS = 4


class Difference(NamedTuple):
    """A part of the state that differs."""

    part: str  # such as exchange.ledger.accounts.cash
    differ: int  # how many of its values; 1 for a value that is alone
    market: str | None  # of the first, "AAPL" or "AAPL in environment 3"
    agent: int | None
    at: str  # where the first is, by row
    first: str  # its value in one state
    second: str  # and in the other


def compare_states(a: Snapshot, b: Snapshot) -> list[Difference]:
    """All parts that differ, in the order of the state."""
    symbols = [symbol.symbol for symbol in a.config.symbols]
    n_agents = len(a.state["exchange"]["silent"])
    of = _Run(symbols, n_agents, a.envs)
    found = list(_walk(a.state, b.state, "", of))
    if a.config != b.config:
        found.insert(0, _alone("config", a.config.fingerprint()[:16], b.config.fingerprint()[:16]))
    return found


class _Run(NamedTuple):
    symbols: list[str]
    n_agents: int
    envs: tuple[int, ...]

    def market(self, row: int) -> str:
        """A market in words."""
        env, symbol = divmod(row, len(self.symbols))
        return self.symbols[symbol] + self.of(env)

    def of(self, env: int) -> str:
        """The environment, if there are several."""
        return f" in environment {self.envs[env]}" if len(self.envs) > 1 else ""


def _walk(a: Any, b: Any, path: str, of: _Run) -> Iterator[Difference]:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        yield from _arrays(a, b, path, of)
    elif isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        for name in a:
            yield from _walk(a[name], b[name], f"{path}.{name}" if path else name, of)
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for at, (one, other) in enumerate(zip(a, b, strict=True)):
            yield from _walk(one, other, f"{path}.{at}", of)
    elif type(a) is not type(b) or (a != b and not (a != a and b != b)):
        yield _alone(path, _text(a), _text(b))


def _arrays(a: np.ndarray, b: np.ndarray, path: str, of: _Run) -> Iterator[Difference]:
    if a.dtype != b.dtype or a.shape != b.shape:
        yield _alone(path, f"{a.dtype.kind}{list(a.shape)}", f"{b.dtype.kind}{list(b.shape)}")
        return
    for name in a.dtype.names or ("",):
        one, other = (a[name], b[name]) if name else (a, b)
        differ = one != other
        if one.dtype.kind == "f":
            differ &= ~(np.isnan(one) & np.isnan(other))
        if differ.any():
            at = tuple(int(i) for i in np.argwhere(differ)[0])
            where = f"{path}.{name}" if name else path
            market, agent, row = _place(where, at, of)
            count = int(np.count_nonzero(differ))
            yield Difference(where, count, market, agent, row, str(one[at]), str(other[at]))


def _place(path: str, at: tuple[int, ...], of: _Run) -> tuple[str | None, int | None, str]:
    """Market, agent and row of an element."""
    axes = next((axes for part, axes in _AXES if path.startswith(part)), ())
    known = dict(zip(axes, at, strict=False))
    market, agent = None, known.get("agent")
    if "market" in known:
        market = of.market(known["market"])
    if "ladder" in known:
        market = of.market(known["ladder"] // _LADDERS)
    if "account" in known:
        env, agent = divmod(known["account"], of.n_agents)
        market = of.market(env * len(of.symbols) + known["symbol"]) if "symbol" in known else None
    return market, agent, ", ".join(map(str, at))


def _alone(path: str, first: str, second: str) -> Difference:
    return Difference(path, 1, None, None, "", first, second)


def _text(value: Any) -> str:
    text = repr(value) if not isinstance(value, np.ndarray) else f"array {list(value.shape)}"
    return text if len(text) <= 60 else text[:57] + "..."
