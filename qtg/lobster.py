"""Export of a run in the format of LOBSTER, so that other people's tools can judge it.

Two CSV files for each symbol, without headings, row for row beside each other:

- messages: seconds after midnight, type, order id, size, price, direction. Types: 1 an order comes
  to rest, 2 part of it is cancelled, 3 all of it is, 4 it trades. Price times 10,000; direction is
  that of the resting order, 1 buys, -1 sells;
- order book after each message: ask price, ask size, bid price, bid size of the first level, then
  of the next. A level that is not there has size 0 and price 9999999999 or -9999999999.

An order that trades on arrival is seen only by what it trades with; what is left of it comes to
rest with a message of type 1, as on Nasdaq.

Source: LOBSTER, lobsterdata.com, output structure of its files (Huang and Polak, 2011).
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from qtg.schemas import ExecType, Reason, Side

from .errors import ConfigError, StorageError

if TYPE_CHECKING:
    from .result import Result

SUBMITTED, REDUCED, DELETED, EXECUTED = 1, 2, 3, 4
NO_ASK, NO_BID = 9_999_999_999, -9_999_999_999
MOST_LEVELS = 200
_NS = 1_000_000_000
_EVENT = (
    "tick",
    "time",
    "exec_type",
    "reason",
    "side",
    "order_id",
    "contra_id",
    "price",
    "limit_price",
    "qty",
    "leaves",
)
_ROWS = 500_000  # events read at a time


class Message(NamedTuple):
    """A row of the message file; `time` in nanoseconds since 1970."""

    time: int
    type: int
    order_id: int
    size: int
    price: int
    direction: int


class Event(NamedTuple):
    """An event of the run that concerns one symbol; see `qtg.schemas.OrderEvents`."""

    tick: int
    time: int
    exec_type: int
    reason: int
    side: int
    order_id: int
    contra_id: int
    price: int
    limit_price: int
    qty: int
    leaves: int


def export_lobster(
    run: "Result",
    folder: str | Path,
    *,
    symbols: Sequence[str] | None = None,
    levels: int = 10,
) -> list[Path]:
    """Write the message and order book files of a run.

    Parameters
    ----------
    run : Result             it must have stored its orders (`storage.orders = true`)
    folder : path            made if it is not there
    symbols : list of str    all by default
    levels : int             of the order book, 1 to 200

    Returns
    -------
    list of Path    for each symbol the message file, then the order book file

    Raises
    ------
    ConfigError     no such symbol, or levels out of range
    StorageError    the run did not store its orders, held auctions, or a file cannot be written
    """
    if not 1 <= levels <= MOST_LEVELS:
        raise ConfigError(f"levels must lie in 1 to {MOST_LEVELS}, got {levels}")
    known = list(run.info()["symbols"])
    for symbol in symbols or ():
        if symbol not in known:
            raise ConfigError(f"no symbol {symbol!r}; this run trades {', '.join(known)}")
    if "orders" not in run.tables:
        raise StorageError(
            "this run did not store orders, which the export is made from; set "
            "storage.orders = true and run again"
        )
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written: list[Path] = []
        for symbol in symbols or known:
            written += _write(run, folder, symbol, levels)
    except OSError as error:
        raise StorageError(
            f"cannot write to {folder}: {error.strerror or error}; choose another folder"
        ) from error
    return written


def messages(events: Iterable[Event]) -> Iterator[Message]:
    """What happened to resting orders of one symbol, in order.

    Raises
    ------
    StorageError    orders that rest trade with each other, as in an auction
    """
    resting: dict[int, tuple[int, int, int]] = {}  # id -> direction, price, open quantity
    arriving: Event | None = None  # an order that has not come to rest yet
    left = 0
    for event in events:
        kind, order_id = event.exec_type, event.order_id
        if arriving is not None and not _goes_on(event, arriving):
            yield _rest(arriving, left, resting)
            arriving = None
        if kind == ExecType.NEW:
            arriving, left = event, event.qty
        elif kind == ExecType.TRADE:
            if arriving is None or order_id != arriving.order_id:
                raise StorageError(
                    f"at tick {event.tick} orders that rest trade with each other: LOBSTER has no "
                    "messages for auctions; run with venue.matching = 'shuffled' or 'price_time' "
                    "and venue.opening_auction = false"
                )
            yield _execute(event, resting)
            left -= event.qty
            if left == 0:
                arriving = None
        elif kind == ExecType.REPLACED:
            direction, price, open_qty = resting.pop(order_id)
            if event.limit_price == price and event.leaves <= open_qty:
                resting[order_id] = (direction, price, event.leaves)
                cut = open_qty - event.leaves
                if cut:
                    yield Message(event.time, REDUCED, order_id, cut, price, direction)
            else:
                yield Message(event.time, DELETED, order_id, open_qty, price, direction)
                arriving, left = event, event.leaves
        elif kind in (ExecType.CANCELED, ExecType.EXPIRED):
            if arriving is not None and order_id == arriving.order_id:
                arriving = None
            elif order_id in resting:
                direction, price, open_qty = resting.pop(order_id)
                yield Message(event.time, DELETED, order_id, open_qty, price, direction)
    if arriving is not None:
        yield _rest(arriving, left, resting)


def _goes_on(event: Event, arriving: Event) -> bool:
    """Whether an event belongs to the arrival of an order, which has not come to rest then."""
    if event.exec_type == ExecType.CANCELED:
        own = event.order_id == arriving.order_id and event.reason != Reason.REQUESTED
        return own or event.reason == Reason.SELF_TRADE
    return event.exec_type == ExecType.TRADE and event.order_id == arriving.order_id


def _rest(event: Event, qty: int, resting: dict[int, tuple[int, int, int]]) -> Message:
    resting[event.order_id] = (event.side, event.limit_price, qty)
    return Message(event.time, SUBMITTED, event.order_id, qty, event.limit_price, event.side)


def _execute(event: Event, resting: dict[int, tuple[int, int, int]]) -> Message:
    direction, price, open_qty = resting.pop(event.contra_id)
    if open_qty > event.qty:
        resting[event.contra_id] = (direction, price, open_qty - event.qty)
    return Message(event.time, EXECUTED, event.contra_id, event.qty, event.price, direction)


class Levels:
    """The price levels of one side, best first."""

    def __init__(self, direction: int) -> None:
        self._direction = direction
        self._keys: list[int] = []  # prices, negated for buys, ascending
        self._qty: dict[int, int] = {}

    def change(self, price: int, qty: int) -> None:
        """Add a quantity to a level, or take it away."""
        key = -self._direction * price
        before = self._qty.get(key, 0)
        if before + qty == 0:
            del self._qty[key]
            del self._keys[bisect_left(self._keys, key)]
            return
        if before == 0:
            insort(self._keys, key)
        self._qty[key] = before + qty

    def best(self, levels: int) -> list[tuple[int, int]]:
        """(price, size) of the best levels, filled up with levels that are not there."""
        absent = (NO_BID if self._direction > 0 else NO_ASK, 0)
        found = [(-self._direction * key, self._qty[key]) for key in self._keys[:levels]]
        return found + [absent] * (levels - len(found))


class LobsterBook:
    """The order book that messages make."""

    def __init__(self, levels: int) -> None:
        self._levels = levels
        self._sides = {1: Levels(1), -1: Levels(-1)}

    def work(self, message: Message) -> None:
        """Let one message change the book."""
        qty = message.size if message.type == SUBMITTED else -message.size
        self._sides[message.direction].change(message.price, qty)

    def row(self) -> list[int]:
        """A row of the order book file."""
        asks, bids = self._sides[-1].best(self._levels), self._sides[1].best(self._levels)
        return [each for ask, bid in zip(asks, bids, strict=True) for each in (*ask, *bid)]


def _write(run: "Result", folder: Path, symbol: str, levels: int) -> tuple[Path, Path]:
    first, last = _span(run)
    midnight = _midnight(first)
    day = datetime.fromtimestamp(first / _NS, UTC).date().isoformat()
    ends = f"{(first - midnight) // 1_000_000}_{(last - midnight) // 1_000_000}"
    names = [f"{symbol}_{day}_{ends}_{what}_{levels}.csv" for what in ("message", "orderbook")]
    paths = folder / names[0], folder / names[1]
    book = LobsterBook(levels)
    with paths[0].open("w", encoding="ascii") as told, paths[1].open("w", encoding="ascii") as kept:
        for message in messages(_events(run, symbol)):
            book.work(message)
            seconds, rest = divmod(message.time - midnight, _NS)
            numbers = ",".join(map(str, message[1:]))
            told.write(f"{seconds}.{rest:09d},{numbers}\n")
            kept.write(",".join(map(str, book.row())) + "\n")
    return paths


def _span(run: "Result") -> tuple[int, int]:
    """Time of the first and of the last event [ns since 1970]."""
    import polars as pl

    ends = run.scan("orders", raw=True).select(
        first=pl.col("time").cast(pl.Int64).min(), last=pl.col("time").cast(pl.Int64).max()
    )
    first, last = ends.collect().row(0)
    return first or 0, last or 0


def _midnight(time: int) -> int:
    return time // (86_400 * _NS) * 86_400 * _NS


def _events(run: "Result", symbol: str) -> Iterator[Event]:
    import polars as pl

    def code(name: str, enum: type[IntEnum]) -> pl.Expr:
        codes = {each.name: int(each) for each in enum}
        return pl.col(name).cast(pl.String).str.to_uppercase().replace_strict(codes).alias(name)

    rows = (
        run.scan("orders", raw=True)
        .filter(pl.col("symbol").cast(pl.String) == symbol)
        .filter(pl.col("exec_type").cast(pl.String).str.to_uppercase() != "REJECTED")
        .with_columns(
            code("exec_type", ExecType),
            code("reason", Reason),
            code("side", Side),
            pl.col("time").cast(pl.Int64),
        )
        .select(_EVENT)
        .collect()
    )
    for part in rows.iter_slices(_ROWS):
        yield from map(Event._make, part.iter_rows())
