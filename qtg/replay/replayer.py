"""Driving a venue with a recording, one instant after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import polars as pl

from qtg.money import to_currency
from qtg.venue import Venue

from .frame import Message, Recording, read_recording
from .mirror import Fill, Mirror, Order
from .opening import Auction, recorded_auction, run_auction
from .result import SCHEMA, L3Replay
from .trades import AHEAD, cancelled_ahead, merged, predict

WINDOW = 4096


def replay_l3(
    frame: Any,
    tick_size: str | float | None = None,
    *,
    look_ahead: bool = True,
    progress: bool = False,
) -> L3Replay:
    """Drive a venue with recorded order-level messages and compare its fills with the recorded.

    Before each recorded trade our book holds what the recording shows. An aggressor of the
    trade's side, price and size arrives, and the resting orders that it fills are compared with
    the recorded ones, order by order and size by size; then the recording is booked, so that one
    miss does not spoil what follows. A trade's own fills are never used to predict it.

    Parameters
    ----------
    frame : polars, pandas or arrow frame, or path of a Parquet file, with the columns
        `ts_event` [ns], `action` (A add, C cancel, M modify, T trade, F fill, R clear, N none),
        `side` (B, A, N), `price` [1e-4], `size`, `order_id` and, if it has any snapshots,
        `snapshot`; rows in the order in which they were published
    tick_size : price, optional   [currency]; by default the coarsest that fits all orders
    look_ahead : bool             take out orders first whose cancel is printed after a trade, at
        the same instant, and cannot be a confirmation of a fill
    progress : bool               show a bar on stderr

    Returns
    -------
    L3Replay

    Raises
    ------
    OrderError      a column is missing or of the wrong type, or a value makes no sense
    StorageError    the file cannot be read
    ConfigError     `tick_size` does not fit the recorded prices

    Examples
    --------
    >>> import polars as pl, qtg
    >>> tape = pl.DataFrame({
    ...     "ts_event": [1, 2, 3, 3, 3], "action": list("AATFC"), "side": list("AABAA"),
    ...     "price": [100, 100, 100, 100, 100], "size": [5, 5, 5, 5, 5],
    ...     "order_id": [71, 72, 73, 71, 71],
    ... })
    >>> qtg.replay_l3(tape).summary()["matched"]
    1
    """
    recording = read_recording(frame, tick_size)
    replayer = Replayer(recording, look_ahead)
    with _bar(len(recording.columns), progress) as advance:
        for first, rows in recording.chunks():
            replayer.replay(first, rows)
            advance(len(rows))
    return replayer.result()


class Replayer:
    """The state of a replay between two chunks of messages."""

    def __init__(self, recording: Recording, look_ahead: bool) -> None:
        tick = to_currency(recording.tick)
        self.recording = recording
        self.mirror = Mirror(Venue(tick_size=f"{tick:.4f}", window=WINDOW))
        self.look_ahead = look_ahead
        self._looked_at = -1  # the instant whose cancels have been looked at
        self._ahead = False  # whether some of them preceded its trades
        self._in_snapshot = False
        self._trades: list[tuple[Any, ...]] = []

    def replay(self, first: int, rows: Sequence[Message]) -> None:
        """Work through messages, the first of which is row `first` of the recording."""
        mirror, k = self.mirror, 0
        while k < len(rows):
            message = rows[k]
            action = message.action
            if message.snapshot != self._in_snapshot:
                self._in_snapshot = message.snapshot
                if message.snapshot:
                    mirror.clear()
            if action == "A":
                mirror.add(message)
            elif action == "C":
                mirror.cancel(message)
            elif action == "M":
                mirror.modify(message)
            elif action == "R":
                mirror.clear()
            elif action == "T":
                k = self._trade(first, rows, k)
                continue
            k += 1

    def result(self) -> L3Replay:
        """What was found so far."""
        trades = pl.DataFrame(self._trades, schema=SCHEMA, orient="row")
        messages, tick = len(self.recording.columns), self.recording.tick
        return L3Replay(trades, messages, self.mirror.unknown, tick)

    def _trade(self, first: int, rows: Sequence[Message], k: int) -> int:
        """Work on the trade at `k`; returns the row after its fills."""
        trade = rows[k]
        end = _after_fills(rows, k + 1)
        if trade.side == 0:
            while end < len(rows) and _is_more(rows[end], trade):
                end = _after_fills(rows, end + 1)
            self._auction(first + k, [m for m in rows[k:end] if m.action == "T"], rows[k:end])
        else:
            self._continuous(first, rows, k, end)
        return end

    def _continuous(self, first: int, rows: Sequence[Message], k: int, end: int) -> None:
        trade, mirror = rows[k], self.mirror
        recorded = merged(
            (fill.order_id, fill.size)
            for fill in rows[k + 1 : end]
            if fill.size > 0 and not _is_own(fill, trade)
        )
        reason = self._why_unscored(trade, recorded)
        if reason:
            mirror.resolve([], recorded)
            self._note(first + k, trade, recorded, Auction(0, 0, []), reason=reason)
            return
        aggressor = mirror.orders.get(trade.order_id)
        if aggressor is not None and aggressor.side == trade.side:
            mirror.withdraw(aggressor)
        if self.look_ahead:
            self._take_out_cancelled(rows, k)
        ours, helped = predict(mirror, trade)
        why = "" if ours == recorded else _why(mirror, trade, ours, recorded)
        mirror.resolve(ours, recorded)
        self._drop_passed_over(trade, ours, recorded)
        if self._ahead and not helped:
            helped = AHEAD
        result = Auction(trade.price if ours else 0, sum(qty for _, qty in ours), ours)
        self._note(first + k, trade, recorded, result, why=why, helped=helped)

    def _auction(self, row: int, trades: list[Message], rows: Sequence[Message]) -> None:
        fills = [message for message in rows if message.action == "F" and message.size > 0]
        recorded = recorded_auction(trades, fills)
        trade = trades[0]._replace(size=recorded.volume)
        reason = self._why_unscored(trade, recorded.fills)
        if reason:
            self.mirror.resolve([], recorded.fills)
            self._note(row, trade, recorded.fills, Auction(0, 0, []), reason=reason)
            return
        ours = run_auction(self.mirror, recorded.volume, fills)
        why = ""
        if (ours.price, ours.volume) != (recorded.price, recorded.volume):
            why = "other price or volume"
        elif dict(ours.fills) != dict(recorded.fills):
            why = "other orders filled"
        self.mirror.resolve(ours.fills, recorded.fills)
        self._note(row, trade, recorded.fills, ours, why=why)

    def _why_unscored(self, trade: Message, recorded: Sequence[Fill]) -> str:
        """Why there is nothing to compare a trade with, or an empty text."""
        if not recorded:
            return "no fills recorded"
        if trade.size <= 0 or trade.price <= 0 or trade.price % self.recording.tick:
            return "price or size that no order can have"
        return ""

    def _take_out_cancelled(self, rows: Sequence[Message], k: int) -> None:
        """Once at each instant with trades: take out the orders that had left before them."""
        if rows[k].ts == self._looked_at:
            return
        self._looked_at = rows[k].ts
        end = k
        while end < len(rows) and rows[end].ts == rows[k].ts:
            end += 1
        ahead = cancelled_ahead(self.mirror, rows[k:end])
        for order in ahead:
            self.mirror.settle(order)
        self._ahead = bool(ahead)

    def _drop_passed_over(
        self, trade: Message, ours: Sequence[Fill], recorded: Sequence[Fill]
    ) -> None:
        """An order better than a recorded trade that it had no part in cannot still be there."""
        filled = {recorded_id for recorded_id, _ in recorded}
        for recorded_id, _ in ours:
            order = self.mirror.orders.get(recorded_id)
            if order is not None and recorded_id not in filled and _is_better(order, trade):
                self.mirror.settle(order)

    def _note(
        self,
        row: int,
        trade: Message,
        recorded: Sequence[Fill],
        ours: Auction,
        *,
        why: str = "",
        reason: str = "",
        helped: str = "",
    ) -> None:
        kind = "continuous" if trade.side else "auction"
        scored, matched = not reason, not (reason or why)
        head = (row, trade.ts, kind, trade.side, trade.price, trade.size, _told(recorded))
        result = (ours.price or None, ours.volume, _told(ours.fills), scored, matched)
        self._trades.append((*head, *result, helped, reason or why))


def _after_fills(rows: Sequence[Message], k: int) -> int:
    while k < len(rows) and rows[k].action == "F":
        k += 1
    return k


def _is_more(message: Message, trade: Message) -> bool:
    """Whether a message is one more row of the same auction."""
    return message.action == "T" and message[:4] == trade[:4]


def _is_own(fill: Message, trade: Message) -> bool:
    """Whether a fill is the aggressor's own; a resting order that became one is listed as well."""
    return fill.order_id == trade.order_id and fill.side == trade.side


def _is_better(order: Order, trade: Message) -> bool:
    return trade.side * (trade.price - order.price) > 0


def _why(mirror: Mirror, trade: Message, ours: Sequence[Fill], recorded: Sequence[Fill]) -> str:
    """What explains the difference, for people."""
    if sorted(ours) == sorted(recorded):
        return "same fills in another order"
    if sum(qty for _, qty in recorded) != trade.size:
        return "recorded fills do not add up to the trade"
    orders = {recorded_id: mirror.orders.get(recorded_id) for recorded_id, _ in recorded}
    if any(order is None or order.qty <= 0 for order in orders.values()):
        return "an order filled that was not in the book"
    if any(qty > order.qty for (_, qty), order in zip(recorded, orders.values()) if order):
        return "hidden quantity"
    if any(_is_better(mirror.orders[recorded_id], trade) for recorded_id, _ in ours):
        return "a better price was passed over"
    return "an order ahead in the queue was passed over"


def _told(fills: Sequence[Fill]) -> list[dict[str, int]]:
    return [{"order_id": recorded_id, "qty": qty} for recorded_id, qty in fills]


@contextmanager
def _bar(total: int, shown: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr; gives the function that moves it on."""
    if not shown:
        yield lambda n: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("replay", total=total)
        yield lambda n: bar.advance(task, n)
