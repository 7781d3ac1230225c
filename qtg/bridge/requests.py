"""Commands from what callers hand in; checked on the caller's thread as far as that goes."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from qtg.schemas import NO_ROW, MsgType, Orders

from ..errors import ConfigError, OrderError
from ..order_columns import as_orders
from .command import Command
from .pace import checked_rate
from .service import Service


def submit(orders: Any, agent: int | None) -> Command:
    """A batch of orders; those without an agent are `agent`'s. The columns are copied."""
    given = orders._asdict() if isinstance(orders, Orders) else orders
    if isinstance(given, Mapping):
        given = {name: np.array(values) for name, values in given.items()}
    batch = as_orders(given)
    if agent is not None:
        batch.agent[batch.agent == NO_ROW] = agent
    return Command("submit", partial(_submit, batch))


def cancel(symbol: str, order_id: Any, agent: int | None) -> Command:
    """Cancels of one order or several."""
    ids = _ids(order_id)
    return Command("cancel", partial(_amend, symbol, _amendment(MsgType.CANCEL, ids, agent)))


def replace(symbol: str, order_id: Any, price: Any, qty: Any, agent: int | None) -> Command:
    """New prices and open quantities of one order or several."""
    ids = _ids(order_id)
    orders = _amendment(MsgType.REPLACE, ids, agent)
    for name, given in (("price", price), ("qty", qty)):
        values = np.asarray(given)
        if values.dtype.kind not in "iu" or values.shape not in ((), ids.shape):
            raise OrderError(f"{name} must be an integer, or one for each order id")
        getattr(orders, name)[:] = values
    return Command("replace", partial(_amend, symbol, orders))


def news(kind: str, event: Mapping[str, Any]) -> Command:
    """An event that becomes known in the next tick."""
    return Command("inject_news", partial(Service.inject_news, kind=kind, event=dict(event)))


def regime(name: str) -> Command:
    """Another regime."""
    return Command("set_regime", partial(Service.set_regime, name=name))


def spawn(name: str, cash: str | int | float | None) -> Command:
    """An account for somebody."""
    return Command("spawn", partial(Service.spawn, name=name, cash=cash))


def tick(n: int) -> Command:
    """So many ticks."""
    if n < 1:
        raise ConfigError(f"ticks must be at least 1, got {n}")
    return Command("tick", ticks=n)


def run(rate: float | None, until: int | None) -> Command:
    """Ticks without end, or up to one, at full speed or so many a second."""
    return Command("run", partial(Service.run, rate=checked_rate(rate), until=until))


def pause() -> Command:
    """No more ticks."""
    return Command("pause", Service.pause)


def book(symbol: str, levels: int | None) -> Command:
    """A copy of depth."""
    return Command("book", partial(Service.book, symbol=symbol, levels=levels))


def portfolio(agent: int | None) -> Command:
    """A copy of an account."""
    return Command("portfolio", partial(Service.portfolio, agent=account(agent)))


def snapshot(path: str | Path) -> Command:
    """A file with the run's state."""
    return Command("snapshot", partial(Service.snapshot, path=Path(path)))


def account(agent: int | None) -> int:
    """The agent that is meant.

    Raises
    ------
    ConfigError    the client has no account and the caller named none
    """
    if agent is None:
        raise ConfigError("which account? give `agent`, or spawn an account for this client")
    return agent


def _submit(batch: Orders, service: Service) -> Any:
    return service.submit(batch)


def _amend(symbol: str, batch: Orders, service: Service) -> Any:
    symbols = service.sim.symbols
    if symbol not in symbols:
        raise ConfigError(f"no symbol {symbol!r}; this run trades {', '.join(symbols)}")
    batch.market[:] = symbols.index(symbol)
    return service.submit(batch)


def _amendment(msg_type: MsgType, ids: np.ndarray, agent: int | None) -> Orders:
    orders = as_orders({"order_id": ids})
    orders.msg_type[:], orders.agent[:] = msg_type, account(agent)
    return orders


def _ids(order_id: Any) -> np.ndarray:
    """int64 (n,), a copy."""
    ids = np.atleast_1d(np.asarray(order_id))
    if ids.ndim != 1 or (ids.size and ids.dtype.kind not in "iu"):
        raise OrderError("order_id must be an integer, or integers in one dimension")
    return np.array(ids, np.int64)
