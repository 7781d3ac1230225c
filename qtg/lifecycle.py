"""Where every order stands: events folded through the table of `kernels/lifecycle.py`.

The table, the statuses and what limits them are docs/guide/lifecycle.md.
"""

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from qtg.kernels.lifecycle import (
    ANY,
    ILLEGAL,
    MAX_ID,
    STEPS,
    TRANSITIONS,
    Markets,
    OrderTables,
    Told,
    find_resting,
    fold_events,
    forget_orders,
    index_orders,
)
from qtg.schemas import (
    NO_ROW,
    Directory,
    Events,
    ExecInst,
    LifecycleEvent,
    LifecycleRule,
    LifecycleViolations,
    MsgType,
    OrderEvents,
    Orders,
    OrderStates,
    OrderSteps,
    OrdStatus,
    OrdType,
    Reason,
    Side,
    TimeInForce,
    allocate,
    grown_record_array,
    record_array,
)

from .errors import ConfigError, LifecycleError, SnapshotError
from .order_columns import as_events
from .stateful import State, Stateful, checked, found, whole

if TYPE_CHECKING:
    import polars as pl

PIECE = 1 << 16  # events of one kernel call
_TABLES = {"orders": OrderStates, "steps": OrderSteps, "violations": LifecycleViolations}
_ONE = 1 << 31  # more symbols than there are: every market is of one environment

RULE_TEXT = {
    LifecycleRule.TRANSITION: "no order takes this step",
    LifecycleRule.QUANTITY: "traded, cancelled and open quantity do not add up",
    LifecycleRule.IDENTITY: "market, side, owner or price are not those of the order",
    LifecycleRule.REASON: "an order that ends without being filled needs a reason",
    LifecycleRule.TAKING: "a post-only order must not trade on arrival",
    LifecycleRule.RESTING: "an order that may not rest was left in the book",
}


def next_status(status: int, event: int, lifetime: int = ANY, order_id: int = 0) -> OrdStatus:
    """Where an order stands after an event.

    Parameters
    ----------
    status : OrdStatus
    event : LifecycleEvent
    lifetime : TimeInForce    what the order was sent with; any, if left out
    order_id : int            for the error's message

    Raises
    ------
    LifecycleError    no order takes this step
    ConfigError       one of them is not a code

    Examples
    --------
    >>> next_status(OrdStatus.NEW, LifecycleEvent.FILL).name
    'FILLED'
    >>> next_status(OrdStatus.FILLED, LifecycleEvent.CANCELED, order_id=7)
    Traceback (most recent call last):
    qtg.errors.LifecycleError: order 7 is FILLED and cannot be CANCELED: no order takes this step
    """
    codes = status in list(OrdStatus) and event in list(LifecycleEvent)
    if not codes or not 0 <= lifetime <= ANY:
        raise ConfigError(
            f"status {status}, event {event} and lifetime {lifetime} must be an OrdStatus, a "
            "LifecycleEvent and a TimeInForce"
        )
    after = int(TRANSITIONS[lifetime, status, event])
    if after == ILLEGAL:
        raise _error(order_id, status, event, LifecycleRule.TRANSITION)
    return OrdStatus(after)


def order_states(
    events: Events | OrderEvents | Mapping[str, Any] | Any,
    orders: Orders | Mapping[str, Any] | None = None,
) -> OrderStates:
    """Where the orders of a stream of events stand at its end.

    Parameters
    ----------
    events : Events, OrderEvents, mapping of columns or frame with their codes as integers; from the
        first event of every order on
    orders : Orders, optional    the batch that the events' column `row` is about, if they are of
        one `Venue.submit`; then what an order's time in force and post-only forbid is checked too

    Returns
    -------
    OrderStates    in the order in which the orders were first seen

    Raises
    ------
    LifecycleError    the first event that its order cannot have
    OrderError        the columns are malformed
    """
    log = folded(events, orders).checked()
    return OrderStates(*(log.states[name].copy() for name in OrderStates._fields))


def lifecycle_violations(
    events: Events | OrderEvents | Mapping[str, Any] | Any,
    orders: Orders | Mapping[str, Any] | None = None,
) -> LifecycleViolations:
    """Everything in a stream of events that no order can do; no rows if all is well.

    An event that is not possible changes nothing. Parameters and errors are those of
    `order_states`, but for the LifecycleError. To go on from tick to tick, keep an `OrderLog`.
    """
    return folded(events, orders).violations


def folded(
    events: Events | OrderEvents | Mapping[str, Any] | Any,
    orders: Orders | Mapping[str, Any] | None = None,
) -> "OrderLog":
    """A log that has read these events."""
    from .order_columns import as_orders

    log, batch = OrderLog(), None if orders is None else as_orders(orders)
    table = as_events(events)
    if isinstance(table, OrderEvents):
        for _ in log.fold_stored(table):
            pass
    else:
        log.fold(table, 0, orders=batch)
    return log


class OrderLog(Stateful):
    """What is known of orders from their events, piece after piece.

    Parameters
    ----------
    symbols : int     markets of an environment; left out, all are of one
    envs : int        environments, whose order ids are apart
    history : bool    keep every order's steps
    ended : int       `forget` keeps so many ended orders at least; left out, all

    Examples
    --------
    >>> from qtg.venue import Venue
    >>> log = OrderLog()
    >>> log.fold(Venue().submit(dict(side=[1, -1], price=[100, 100], qty=[5, 3])), tick=0)
    >>> log.frame()["status"].to_list()
    ['partially_filled', 'filled']
    """

    def __init__(
        self,
        symbols: int = _ONE,
        envs: int = 1,
        *,
        history: bool = False,
        ended: int | None = None,
    ) -> None:
        if ended is not None and ended < 0:
            raise ConfigError(f"ended must be at least 0 orders, got {ended}")
        self._markets = Markets(symbols, envs)
        self._history, self._ended = history, ended
        self.tables = OrderTables(
            record_array(OrderStates, 16),
            record_array(Directory, 32),
            record_array(OrderSteps, 16),
            record_array(LifecycleViolations, 16),
            np.zeros(4, np.int64),
        )
        self._told = _scratch(16)

    def state(self) -> State:
        """What is known so far; without `history` the steps of the last piece are left out."""
        n = self.tables.n.copy()
        n[1] *= self._history
        tables = zip(_TABLES, n.tolist(), strict=False)
        rows = {name: getattr(self.tables, name)[:end].view(np.ndarray) for name, end in tables}
        return {"history": int(self._history), "ended": self._ended, "n": n, **rows}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from the state of a log of the same environments; settings are the state's."""
        self._history = bool(whole(state, "history", 0, 1))
        keeps_all = found(state, "ended") is None
        self._ended = None if keeps_all else whole(state, "ended", 0, (1 << 63) - 1)
        n = checked(found(state, "n"), np.dtype(np.int64), (4,), "OrderLog.n").copy()
        tables = OrderLog(*self._markets).tables._replace(n=n)
        for (name, table), rows in zip(_TABLES.items(), n.tolist(), strict=False):
            empty = getattr(tables, name)
            saved = checked(found(state, name), empty.dtype, (-1,), f"OrderLog.{name}")
            if len(saved) != rows:
                raise SnapshotError(f"OrderLog.n counts other {name} than are in the snapshot")
            longer = _longer(table, empty, rows)
            longer[:rows] = saved
            tables = tables._replace(**{name: longer})
        self._check(tables.orders[: n[0]])
        self.tables = tables
        self._new_ids(2 * len(tables.orders))
        index_orders(self.tables, self._markets)

    def _check(self, orders: np.ndarray) -> None:
        """Refuse orders of a state that a kernel would not read without harm."""
        markets = self._markets.symbols * self._markets.envs
        for name, low, high in (
            ("market", 0, markets - 1),
            ("order_id", 1, MAX_ID // self._markets.envs),
            ("status", 0, max(OrdStatus)),
            ("lifetime", 0, ANY),
        ):
            values = orders[name]
            if len(values) and not low <= values.min() <= values.max() <= high:
                raise SnapshotError(
                    f"OrderLog.orders.{name} in the snapshot is not {low} to {high}"
                )

    def emptied(self) -> "OrderLog":
        """A new log with the same settings."""
        return OrderLog(*self._markets, history=self._history, ended=self._ended)

    @property
    def n_orders(self) -> int:
        """Orders that are known."""
        return int(self.tables.n[0])

    @property
    def states(self) -> np.recarray:
        """The orders (OrderStates); a view that the next events change."""
        return self.tables.orders[: self.n_orders].view(np.recarray)

    @property
    def steps(self) -> np.recarray:
        """Steps of the last piece, of all orders with `history` (OrderSteps); a view."""
        return self.tables.steps[: int(self.tables.n[1])].view(np.recarray)

    @property
    def violations(self) -> LifecycleViolations:
        """What no order can do and the events said; a copy."""
        found = self.tables.violations[: int(self.tables.n[2])]
        return LifecycleViolations(*(found[name].copy() for name in LifecycleViolations._fields))

    def checked(self) -> "OrderLog":
        """This log; raises a LifecycleError for the first violation."""
        if self.tables.n[2]:
            first = self.tables.violations[0]
            event = None if first.event < 0 else int(first.event)
            where = f"event {first['at']} of the stream, tick {first.tick}"
            raise _error(int(first.order_id), int(first.status), event, first.rule, where)
        return self

    def fold(
        self,
        events: Events,
        tick: int,
        first: int = 0,
        end: int | None = None,
        orders: Orders | np.recarray | None = None,
    ) -> None:
        """Read events first .. end-1, all of one tick.

        `orders` is the batch that `events.row` is about, if that is known.
        """
        end = len(events.exec_type) if end is None else end
        for lo in range(first, end, PIECE):
            hi = min(lo + PIECE, end)
            told = self._room(hi - lo)
            for name in Events._fields:
                getattr(told.events, name)[: hi - lo] = getattr(events, name)[lo:hi]
            told.tick[: hi - lo] = tick
            _tell_terms(told, hi - lo, *message_terms(events.row[lo:hi], orders))
            self._fold(told, hi - lo)

    def fold_stored(self, events: OrderEvents) -> Iterator[np.recarray]:
        """Read stored events, and yield the steps (OrderSteps) of each piece of at most PIECE
        events; they are overwritten by the next piece unless the log keeps a history."""
        shared = [name for name in Events._fields if name in OrderEvents._fields]
        for lo in range(0, len(events.tick), PIECE):
            rows = slice(lo, lo + PIECE)
            n = len(events.tick[rows])
            told = self._room(n)
            for name in shared:
                getattr(told.events, name)[:n] = getattr(events, name)[rows]
            told.events.market[:n] = events.symbol[rows]
            told.tick[:n] = events.tick[rows]
            _tell_terms(told, n, events.time_in_force[rows], events.exec_inst[rows])
            first = int(self.tables.n[1])
            self._fold(told, n)
            yield self.steps[first:].view(np.recarray)

    def check_rest(self, first: int, gathering: np.ndarray, tick: int) -> None:
        """Write down orders from row `first` on that may not rest and do, but for markets where
        they gather for an auction (bool, by market)."""
        last = self.n_orders
        self._grow_violations(last - first)
        find_resting(self.tables, first, last, gathering, tick)

    def forget(self) -> None:
        """Drop the oldest ended orders if there are more than twice as many as to be kept."""
        if self._ended is None or self.n_orders <= 2 * self._ended:
            return
        status = self.tables.orders.status[: self.n_orders]
        ended = int(np.count_nonzero(status > OrdStatus.PARTIALLY_FILLED))
        if ended > 2 * self._ended:
            self._new_ids(len(self.tables.ids))
            forget_orders(self.tables, ended - self._ended, self._markets)

    def frame(self) -> "pl.DataFrame":
        """Orders as a frame, prices at 1e-4; the columns of `Venue.orders`."""
        return states_frame(self.states)

    def history(self, order_id: int, env: int = 0) -> "pl.DataFrame":
        """What happened to one order, in order; prices at 1e-4.

        Raises
        ------
        ConfigError    the log keeps no history
        """
        if not self._history:
            raise ConfigError("this log keeps no history of orders; ask for it with history=True")
        steps = self.steps
        envs = steps.market.astype(np.int64) // self._markets.symbols
        mine = (steps.order_id == order_id) & (envs == env)
        return steps_frame(steps[mine].view(np.recarray))

    def _fold(self, told: Told, n: int) -> None:
        fold_events(told, 0, n, self._markets, self.tables)

    def _room(self, n: int) -> Told:
        """Room for `n` more events; columns to copy them to."""
        if n > len(self._told.tick):
            self._told = _scratch(max(n, 2 * len(self._told.tick)))
        if not self._history:
            self.tables.n[1] = 0
        tables = self.tables
        self.tables = tables._replace(
            orders=_longer(OrderStates, tables.orders, int(tables.n[0]) + n),
            steps=_longer(OrderSteps, tables.steps, int(tables.n[1]) + STEPS * n),
        )
        self._grow_violations(STEPS * n)
        if len(tables.ids) < 2 * len(self.tables.orders):
            self._new_ids(2 * len(self.tables.orders))
            index_orders(self.tables, self._markets)
        return self._told

    def _grow_violations(self, rows: int) -> None:
        found = self.tables.violations
        rows += int(self.tables.n[2])
        self.tables = self.tables._replace(violations=_longer(LifecycleViolations, found, rows))

    def _new_ids(self, places: int) -> None:
        self.tables = self.tables._replace(ids=record_array(Directory, places))


def states_frame(orders: np.recarray) -> "pl.DataFrame":
    """Orders (OrderStates) as a frame, prices at 1e-4."""
    import polars as pl

    cum = orders.cum_qty
    average = np.divide(orders.notional, cum, out=np.full(len(cum), np.nan), where=cum > 0)
    codes = {"side": Side, "lifetime": TimeInForce, "status": OrdStatus, "reason": Reason}
    shown = {
        name: named(orders[name], codes[name]) if name in codes else pl.Series(orders[name].copy())
        for name in OrderStates._fields
    }
    shown["avg_price"] = pl.Series(average, nan_to_null=True)
    order = (
        "order_id market agent side lifetime status reason price qty cum_qty leaves avg_price "
        "fills first_tick last_tick"
    )
    frame = pl.DataFrame({name: shown[name] for name in order.split()})
    return frame.rename({"lifetime": "time_in_force"})


def pending_states(orders: np.recarray, tick: int) -> np.recarray:
    """New orders on their way (Orders, with their ids) as OrderStates; they have no event yet, so
    that both of their ticks are `tick`."""
    sent = orders[orders.msg_type == MsgType.NEW]
    states = record_array(OrderStates, len(sent))
    for name in ("order_id", "market", "agent", "side", "price", "qty"):
        states[name] = sent[name]
    states.lifetime = lifetimes(sent.tif, sent.ord_type)
    states.price[sent.ord_type == OrdType.MARKET] = 0
    states.status, states.leaves = OrdStatus.PENDING_NEW, sent.qty
    states.first_tick = states.last_tick = tick
    return states


def lifetimes(tif: np.ndarray, ord_type: np.ndarray) -> np.ndarray:
    """TimeInForce that holds for new orders, int8; ANY where `tif` is no code.

    A market order does not rest either, so it counts as IOC.
    """
    ends = (ord_type != OrdType.LIMIT) & (tif != TimeInForce.FOK)
    held = np.where(ends, np.int8(TimeInForce.IOC), tif)
    return np.where(np.isin(tif, list(TimeInForce)), held, np.int8(ANY))


def steps_frame(steps: np.recarray) -> "pl.DataFrame":
    """Steps (OrderSteps) as a frame, prices at 1e-4."""
    import polars as pl

    codes = {"event": LifecycleEvent, "status": OrdStatus, "reason": Reason}
    names = ["tick", "event", "status", "reason", "qty", "price", "cum_qty", "leaves", "contra_id"]
    return pl.DataFrame(
        {
            name: named(steps[name], codes[name]) if name in codes else pl.Series(steps[name])
            for name in names
        }
    )


def named(codes: np.ndarray, enum: type[IntEnum]) -> "pl.Series":
    """Codes as an Enum of lower-case names; null for a number that is no code."""
    import polars as pl

    names = [member.name.lower() for member in enum]
    numbers = pl.Series(np.array(codes, np.int64))
    return numbers.replace_strict(
        [int(member) for member in enum], names, default=None, return_dtype=pl.Enum(names)
    )


def _scratch(rows: int) -> Told:
    narrow = np.zeros(rows, np.int8), np.zeros(rows, np.int8)
    return Told(allocate(Events, rows), np.zeros(rows, np.int64), *narrow)


def _longer(table: type, old: np.recarray, rows: int) -> np.recarray:
    """`old`, or a copy of a power of two of rows, at least `rows`."""
    if rows <= len(old):
        return old
    return grown_record_array(table, old, 1 << (rows - 1).bit_length())


def message_terms(
    row: np.ndarray, orders: Orders | np.recarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """What the messages in these rows of a batch say about how long they live and how they trade.

    Returns
    -------
    int8 (n,), int8 (n,)    TimeInForce of new orders and ExecInst; NO_ROW where there is none
    """
    held, how = np.full((2, len(row)), NO_ROW, np.int8)
    if orders is None or len(orders.tif) == 0:
        return held, how
    at = np.flatnonzero((row >= 0) & (row < len(orders.tif)))
    row = row[at]
    lifetime = lifetimes(np.asarray(orders.tif)[row], np.asarray(orders.ord_type)[row])
    is_new = np.asarray(orders.msg_type)[row] == MsgType.NEW
    held[at] = np.where(is_new & (lifetime != ANY), lifetime, NO_ROW)
    exec_inst = np.asarray(orders.exec_inst)[row]
    how[at] = np.where(np.isin(exec_inst, list(ExecInst)), exec_inst, NO_ROW)
    return held, how


def _tell_terms(told: Told, n: int, time_in_force: np.ndarray, exec_inst: np.ndarray) -> None:
    """Write what is known of the messages of the first `n` events."""
    told.lifetime[:n] = np.where(time_in_force == NO_ROW, ANY, time_in_force)
    told.post_only[:n] = exec_inst == ExecInst.POST_ONLY


def _error(
    order_id: int, status: int, event: int | None, rule: int, where: str = ""
) -> LifecycleError:
    why = RULE_TEXT[LifecycleRule(int(rule))]
    stands = OrdStatus(status).name
    if event is not None:
        cannot = f"order {order_id} is {stands} and cannot be {_PAST[LifecycleEvent(event)]}"
    elif rule == LifecycleRule.RESTING:
        cannot = f"order {order_id} is still {stands}"
    else:
        cannot = f"order {order_id} is {stands} and has an event of an unknown type"
    message = f"{cannot}{f' ({where})' if where else ''}: {why}"
    return LifecycleError(message, order_id=order_id, status=status, event=event, why=why)


_PAST = {
    LifecycleEvent.NEW: "accepted",
    LifecycleEvent.PARTIAL_FILL: "filled",
    LifecycleEvent.FILL: "filled",
    LifecycleEvent.REPLACED: "REPLACED",
    LifecycleEvent.CANCELED: "CANCELED",
    LifecycleEvent.EXPIRED: "EXPIRED",
    LifecycleEvent.REJECTED: "REJECTED",
    LifecycleEvent.CANCEL_REJECTED: "CANCEL_REJECTED",
}
