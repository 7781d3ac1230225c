"""Recordings made from our own venue, published the way an exchange publishes order by order."""

from itertools import groupby
from random import Random
from typing import Any

import polars as pl

from qtg.schemas import Events, ExecType, MsgType, OrdType, Side, TimeInForce
from qtg.venue import Venue

FIRST_ID = 6_400_000_000_000  # recorded ids are unlike ours
TICK = 2_500
LETTER = {Side.BUY: "B", Side.SELL: "A"}

SCHEMA = pl.Schema(
    {
        "ts_event": pl.Int64,
        "action": pl.String,
        "side": pl.String,
        "price": pl.Int64,
        "size": pl.Int64,
        "order_id": pl.Int64,
        "snapshot": pl.Boolean,
    }
)


def tape(*rows: tuple[Any, ...]) -> pl.DataFrame:
    """A recording of rows (time, action, side, price in ticks, size, order id)."""
    full = [(ts, a, s, price * TICK, size, oid, False) for ts, a, s, price, size, oid in rows]
    return pl.DataFrame(full, schema=SCHEMA, orient="row")


class Exchange:
    """A venue whose events are written down as a recording."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.venue = Venue(tick_size="0.25")
        self.rows: list[tuple[Any, ...]] = []
        self.ts = 1_000
        self.shown: dict[int, list[int]] = {}  # side, price, qty of orders that are in the feed

    def frame(self) -> pl.DataFrame:
        """The recording so far."""
        return pl.DataFrame(self.rows, schema=SCHEMA, orient="row")

    def snapshot(self) -> None:
        """Publish the book as it stands."""
        for order in self.venue.book().orders().iter_rows(named=True):
            letter = LETTER[Side(order["side"])]
            self._put("A", letter, order["price"], order["qty"], order["order_id"], True)

    def pre_open(self, orders: int) -> None:
        """A call with limit orders in the feed and market orders beside it, and its auction."""
        self.venue.begin_call()
        for _ in range(orders):
            self._trade_with(self._random_order(market=self.random.random() < 0.1))
        self.ts += 10
        events = self.venue.uncross("100")
        trades = events.exec_type == ExecType.TRADE
        if not trades.any():
            return
        price, volume = int(events.price[trades][0]), int(events.qty[trades].sum())
        self._put("T", "N", price, volume, 0)
        filled: dict[int, int] = {}
        for ids in (events.order_id, events.contra_id):
            for order_id, qty in zip(ids[trades].tolist(), events.qty[trades].tolist()):
                filled[order_id] = filled.get(order_id, 0) + qty
        for order_id, qty in filled.items():
            self._put("F", "N", price, qty, order_id)
        for order_id, qty in filled.items():
            self._confirm(order_id, qty)

    def trade(self, messages: int) -> None:
        """Continuous trading: orders, cancels, replaces, aggressors and sweeps."""
        for _ in range(messages):
            known = self.venue.book().orders().rows() if self.random.random() < 0.4 else []
            if not known:
                self._trade_with(self._random_order())
                continue
            order_id, _, _, price, qty, _ = self.random.choice(known)
            amend = {"msg_type": [MsgType.CANCEL], "order_id": [order_id]}
            if self.random.random() < 0.6:
                price += TICK * self.random.choice((0, 0, -1, 1, 4, -4))
                qty = max(1, qty + self.random.choice((0, -1, 2)))
                amend |= {"msg_type": [MsgType.REPLACE], "price": [price], "qty": [qty]}
            self._trade_with(amend)

    def _random_order(self, market: bool = False) -> dict[str, list[int]]:
        draw = self.random
        side = draw.choice((Side.BUY, Side.SELL))
        ticks = 400 - side * draw.randint(-3, 12)
        tif = TimeInForce.IOC if draw.random() < 0.1 and not self.venue.calling else 0
        kind = OrdType.MARKET if market else OrdType.LIMIT
        return {
            "side": [side],
            "price": [ticks * TICK],
            "qty": [draw.randint(1, 9)],
            "tif": [tif],
            "ord_type": [kind],
        }

    def _trade_with(self, message: dict[str, list[int]]) -> None:
        self.ts += self.random.randint(1, 3)
        self._publish(self.venue.submit(message), message)

    def _publish(self, events: Events, message: dict[str, list[int]]) -> None:
        about = int(events.order_id[0])
        told = list(zip(*(column.tolist() for column in events), strict=True))
        names = Events._fields
        rows = [dict(zip(names, row, strict=True)) for row in told]
        trades = [row for row in rows if row["exec_type"] == ExecType.TRADE]
        for price, group in groupby(trades, key=lambda row: row["price"]):
            fills = list(group)
            letter = LETTER[Side(fills[0]["side"])]
            self._put("T", letter, price, sum(row["qty"] for row in fills), about)
            if about in self.shown:
                self._put("F", letter, price, sum(row["qty"] for row in fills), about)
            for row in fills:
                self._put("F", LETTER[Side(-row["side"])], price, row["qty"], row["contra_id"])
        for row in trades:
            self._confirm(row["contra_id"], row["qty"])
        last = rows[-1]
        if last["exec_type"] == ExecType.CANCELED and about in self.shown:
            self._confirm(about, self.shown[about][2])
        elif last["exec_type"] in (ExecType.NEW, ExecType.REPLACED, ExecType.TRADE):
            if last["leaves"] and message.get("ord_type") != [OrdType.MARKET]:
                self._show(about, last["side"], message["price"][0], last["leaves"])
            elif about in self.shown:
                self._confirm(about, self.shown[about][2])

    def _show(self, order_id: int, side: int, price: int, qty: int) -> None:
        action = "M" if order_id in self.shown else "A"
        self.shown[order_id] = [side, price, qty]
        self._put(action, LETTER[Side(side)], price, qty, order_id)

    def _confirm(self, order_id: int, qty: int) -> None:
        """What is left of an order in the feed after `qty` of it is gone."""
        if order_id not in self.shown:
            return
        side, price, shown = self.shown[order_id]
        if qty == shown:
            del self.shown[order_id]
            self._put("C", LETTER[Side(side)], price, shown, order_id)
        else:
            self.shown[order_id][2] = shown - qty
            self._put("M", LETTER[Side(side)], price, shown - qty, order_id)

    def _put(
        self, action: str, side: str, price: int, size: int, order_id: int, snapshot: bool = False
    ) -> None:
        self.rows.append((self.ts, action, side, price, size, FIRST_ID + order_id, snapshot))
