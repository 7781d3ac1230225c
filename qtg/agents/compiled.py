"""Tier 1: a user's own strategy, compiled into one loop over its agents."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from qtg.kernels.compiled import (
    BAD_LIFETIME,
    BAD_PRICE,
    BAD_QTY,
    DONE,
    MOST_ORDERS,
    NO_ORDER,
    NO_ROOM,
    TOO_MANY,
    CompiledRows,
    Fault,
    loop_around,
)
from qtg.schemas import Tier

from ..errors import ConfigError, StrategyError
from ..exchange import Exchange
from .failure import Benched, home_of
from .kept_columns import check_starts
from .kind import Kind
from .parameters import as_param
from .population import Members
from .registry import Params, add_kind, origin_of
from .user_group import TURN_DRAW, UserGroup

Decide = Callable[[Any, Any, Any], None]
_LONGEST = 200  # letters of what numba says
_MOST = 64  # compiled loops that are kept


class Compiled(NamedTuple):
    """A function to compile, what its agents keep, and the loop that is compiled around it."""

    function: Decide
    state: Mapping[str, float]
    trade: Callable[..., int]


def compiled_strategy(
    name: str, *, params: Params | None = None, state: Mapping[str, float] | None = None
) -> Callable[[Decide], Decide]:
    """Register a function that numba compiles as a strategy kind of tier 1.

    The function is called as `decide(me, market, orders)` once per tick, agent and symbol, in one
    compiled loop. It uses numbers, `math`, and the functions of `qtg.compiled`: `buy`, `sell`,
    `cancel`, `replace`, `uniform`. It makes no arrays, lists or texts.

    Parameters
    ----------
    name : str      what populations call it
    params : dict   parameters with their defaults, in `me.params`; as for `qtg.strategy`
    state : dict    what an agent keeps for each symbol from tick to tick, in `me.state`: names of
        float64 columns with what they hold at the start

    Raises
    ------
    ConfigError    a name is no identifier, or the name of the kind is taken

    Examples
    --------
    >>> from qtg.compiled import buy
    >>> @compiled_strategy("dip_buyer", params={"dip": 0.01})
    ... def buy_dips(me, market, orders):
    ...     if market.ask < market.fair_value * (1 - me.params.dip):
    ...         buy(orders, 10, market.ask)
    """
    kept = check_starts(name, state)
    for field in params or {}:
        if not field.isidentifier():
            raise ConfigError(f"strategy {name!r}: {field!r} is no name; use letters and _")

    def register(function: Decide) -> Decide:
        known = {key: as_param(value) for key, value in (params or {}).items()}
        doc = (function.__doc__ or "").strip()
        _check_arguments(name, function)
        own = Compiled(function, kept, _loop(function))
        add_kind(Kind(name, Tier.SMART, doc, known, own, origin=origin_of(function)))
        return function

    return register


@lru_cache(_MOST)
def _loop(function: Decide) -> Callable[..., int]:
    """The loop around a function; the same if it is registered again."""
    loop: Callable[..., int] = loop_around(function, TURN_DRAW)
    return loop


class CompiledStrategy(UserGroup):
    """One kernel call per environment and tick."""

    STATE = ("_rows.state",)

    def __init__(
        self,
        members: Members,
        symbols: tuple[str, ...],
        benched: list[Benched],
        exchange: Exchange,
    ) -> None:
        super().__init__(members, symbols, benched)
        own: Compiled = members.kind.decide
        self._home = home_of(own.function)
        n = len(members.agent)
        self._rows = CompiledRows(
            members.env,
            members.agent,
            members.latency,
            _records(members.params, (n,)),
            _records(own.state, (n, len(symbols))),
            np.array([members.population.probability]),
        )
        self._fault = Fault(np.zeros(1, np.int64), np.zeros(1))
        self._trade, self._function = own.trade, own.function
        self._check_compiles(exchange)

    def decide_env(self, exchange: Exchange, env: int, tick: int) -> None:
        mine = self.mine(env)
        if len(mine) == 0:
            return
        at = np.array([mine[0], 0, mine[-1] + 1])
        status = NO_ROOM
        while status == NO_ROOM:
            exchange.reserve_outbox(exchange.pending() + MOST_ORDERS + len(mine))
            status = self.call(f"tick {tick}", self._run, exchange, at)
        exchange.reserve_outbox(exchange.pending())  # others write after it
        if status != DONE:
            raise self._told(int(self.members.agent[at[0]]), tick)

    def nbytes(self) -> int:
        return super().nbytes() + self._rows.params.nbytes + self._rows.state.nbytes

    def _run(self, exchange: Exchange, at: np.ndarray) -> int:
        venue = exchange.venue
        return int(
            self._trade(
                self._rows,
                self.members.symbols,
                at,
                (venue.book_columns, exchange.view),
                (exchange.ledger, exchange.terms),
                exchange.moment,
                self._fault,
                exchange.outbox,
            )
        )

    def _check_compiles(self, exchange: Exchange) -> None:
        try:
            self._run(exchange, np.zeros(3, np.int64))
        except Exception as error:
            said = _numba_says(error, self._function, self._home)
            raise StrategyError(
                f"strategy {self.name!r} does not compile: {said}; it may use numbers, math and "
                "qtg.compiled, and no arrays, lists or text"
            ) from error

    def _told(self, agent: int, tick: int) -> StrategyError:
        code, value = int(self._fault.code[0]), float(self._fault.value[0])
        self._fault.code[0] = 0
        return StrategyError(
            f"strategy {self.name!r} at tick {tick}, agent {agent}: {_FAULTS[code].format(value)}"
        )


_FAULTS = {
    BAD_PRICE: "price is {}, which cannot be ordered",
    BAD_QTY: "qty is {}, which cannot be ordered",
    BAD_LIFETIME: "lifetime is {}, which cannot be ordered",
    NO_ORDER: "there is no order to amend; look at me.bid.order_id or me.ask.order_id first",
    TOO_MANY: f"a call may send {MOST_ORDERS} orders; send the others in the next tick",
}


class _Named(np.record):  # type: ignore[misc]
    """A record whose columns come before NumPy's own names, such as `size`.

    Compiled code does not need it; with the JIT off the same source runs as Python.
    """

    def __getattribute__(self, name: str) -> Any:
        names = np.record.__getattribute__(self, "dtype").names or ()
        return self[name] if name in names else np.record.__getattribute__(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


def _records(columns: Mapping[str, Any], shape: tuple[int, ...]) -> np.ndarray:
    """float64 records by name; one that nobody names if there are none."""
    fields = [(name, np.float64) for name in columns] or [("none", np.float64)]
    table = np.zeros(shape, np.dtype((_Named, np.dtype(fields))))
    for name, values in columns.items():
        table[name] = values
    return table


def _check_arguments(name: str, function: Decide) -> None:
    try:
        inspect.signature(function).bind(None, None, None)
    except TypeError:
        raise ConfigError(
            f"strategy {name!r}: {function.__name__} must take three arguments: me, market, orders"
        ) from None


def _numba_says(error: Exception, function: Decide, home: str) -> str:
    """The first line of a compiler's message that says something, and the user's line."""
    text = str(error)
    lines = [line.strip() for line in text.splitlines()]
    says = next((each for each in lines if each and not each.startswith("Failed in")), "")
    says = re.sub(r" of type \w+\(.*| found for signature:", "", says)[:_LONGEST]
    if field := re.fullmatch(r"\W*'(\w+)'\W*", says):  # a record's field, and nothing else
        says = f"no parameter or state is called {field[1]!r}"
    name = Path(home).name
    here = re.search(rf'{re.escape(name)}", (line \d+)', text) if name else None
    first = f"line {function.__code__.co_firstlineno}" if hasattr(function, "__code__") else ""
    where = here[1] if here else first
    return f"{says} ({name}, {where})" if name and where else says
