"""Where the orders of a stored run stand, from its order events (`storage.orders = true`)."""

from typing import TYPE_CHECKING

import numpy as np

from qtg.schemas import PRICE_SCALE, LifecycleEvent, LifecycleRule, OrderEvents, OrdStatus

from .lifecycle import OrderLog, named

if TYPE_CHECKING:
    import polars as pl

    from .result import Result

_NONE = -1


def order_log(run: "Result") -> OrderLog:
    """All order events of a run, read."""
    log = OrderLog()
    for events in run.chunks("orders"):
        for _ in log.fold_stored(events):
            pass
    return log


def order_status(run: "Result") -> "pl.DataFrame":
    """One row per order, in the order in which they arrived; see `Result.order_status`."""
    import polars as pl

    log = order_log(run).checked()
    symbols = run.info()["symbols"]
    symbol = pl.col("market").replace_strict(
        list(range(len(symbols))), symbols, return_dtype=pl.Enum(symbols)
    )
    return (
        _money(log.frame(), "price")
        .with_columns(pl.col("avg_price") / float(PRICE_SCALE), symbol=symbol)
        .select(
            *("order_id", "symbol", "agent", "side", "time_in_force", "status", "reason"),
            *("price", "qty"),
            *("cum_qty", "leaves", "avg_price", "fills", "first_tick", "last_tick"),
        )
    )


def orders_with_status(run: "Result") -> "pl.DataFrame":
    """The stored events with where their orders stand; see `Result.orders`."""
    import polars as pl

    frame = run.table("orders")
    status = np.full((2, frame.height), _NONE, np.int8)  # of the order, of the resting one
    cum_qty = np.full((2, frame.height), _NONE, np.int64)
    log = OrderLog()
    for events in run.chunks("orders"):
        for steps in log.fold_stored(events):
            status[steps.contra, steps["at"]] = steps.status
            cum_qty[steps.contra, steps["at"]] = steps.cum_qty
    added: dict[str, pl.Series] = {}
    for side, prefix in enumerate(("", "contra_")):
        added[f"{prefix}status"] = named(status[side], OrdStatus)
        numbers = pl.Series(cum_qty[side])
        added[f"{prefix}cum_qty"] = numbers.set(numbers == _NONE, None)
    return frame.with_columns(**added)


def order_history(run: "Result", order_id: int) -> "pl.DataFrame":
    """What happened to one order; see `Result.order_history`."""
    log = OrderLog(history=True)
    for events in run.chunks("orders"):
        about = (events.order_id == order_id) | (events.contra_id == order_id)
        for _ in log.fold_stored(OrderEvents(*(column[about] for column in events))):
            pass
    return _money(log.history(order_id), "price")


def run_violations(run: "Result") -> "pl.DataFrame":
    """What the orders of a run cannot have done; see `Result.lifecycle_violations`."""
    import polars as pl

    found = order_log(run).violations
    return pl.DataFrame(
        {
            "sequence": found.at + 1,
            "tick": found.tick,
            "order_id": found.order_id,
            "rule": named(found.rule, LifecycleRule),
            "status": named(found.status, OrdStatus),
            "event": named(found.event, LifecycleEvent),
        }
    )


def _money(frame: "pl.DataFrame", column: str) -> "pl.DataFrame":
    """A column at 1e-4 in the currency."""
    import polars as pl

    return frame.with_columns((pl.col(column) / float(PRICE_SCALE)).round(4))
