"""A tape: the trades of one instrument, and the sessions that gaps part it into."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from qtg.errors import TapeError
from qtg.schemas import F64, I8, I64, PRICE_SCALE

from .columns import find_column, need_column, read_amounts, read_frame, read_times
from .grid import MOSTLY, step_of
from .ticks import spread_over_ticks

if TYPE_CHECKING:
    import polars as pl

FEWEST = 200  # trades
GAP_SECONDS = 1_800.0  # without a trade: the market is closed
_BUYS, _SELLS = {"buy", "b", "bid", "1", "+1"}, {"sell", "s", "ask", "a", "-1"}
_UNKNOWN = {"", "n", "none", "unknown", "0"}
_LARGEST_MEDIAN = 1_000  # lots; fractions are not resolved further than this
_LARGEST_NOTIONAL = 2e7  # of a typical trade [currency], so that a maker can pay for many


class Tape(NamedTuple):
    """Trades in the order they happened, one row each."""

    time: I64  # ns since 1970, UTC; never decreasing
    price: I64  # 1e-4 currency
    qty: I64  # shares
    side: I8  # +1 the buyer was the aggressor, -1 the seller, 0 not known


class RealTape(NamedTuple):
    """A tape with what was found out while it was read."""

    trades: Tape
    symbol: str
    tick_size: int  # 1e-4 currency
    lot_size: int  # shares
    resolution: int  # of the times [ns]
    notes: tuple[str, ...]  # what people should know about how it was read

    @property
    def sided(self) -> bool:
        """Whether the tape says who the aggressor was."""
        return bool(self.trades.side.any())


def read_tape(source: Any, symbol: str | None = None) -> RealTape:
    """Read and check the trades of one symbol.

    Parameters
    ----------
    source : path of a Parquet or CSV file, or a frame, with columns `time`, `price` and `qty` (or
             `size`, `volume`, `quantity`), and optionally `side` and `symbol`. A frame with a
             column `action` is a recording of all orders (as `qtg.replay_l3` reads it); its trades
             are the rows with action T, their integer prices are in 1e-4
    symbol : which one, if there are several

    Raises
    ------
    TapeError    see the columns' readers; or too few trades, one price, one moment
    """
    what = str(source) if isinstance(source, (str, Path)) else "the trades"
    notes: list[str] = []
    frame = _trades_of(read_frame(source, what), what, notes)
    if not len(frame):
        raise TapeError(f"{what}: there are no trades; give a file with at least {FEWEST}")
    frame, name = _one_symbol(frame, symbol, what)
    price_column = need_column(frame, "price", what)
    qty_column = need_column(frame, "qty", what)
    time = read_times(need_column(frame, "time", what), what)
    price = _to_grid(read_amounts(price_column, what), what)
    qty = _whole(read_amounts(qty_column, what), float(np.median(price)) / PRICE_SCALE, notes)
    side = _sides(frame, what)
    _check_enough(time, price, what)
    time = _own_times(frame, time, side)
    tick, lot = step_of(price), step_of(qty)
    off = int(np.count_nonzero(price % tick))
    if off:
        notes.append(f"{off:,} trades are off the tick of {tick / PRICE_SCALE:g}")
    resolution = int(np.gcd.reduce(np.diff(time)))
    return RealTape(Tape(time, price, qty, side), name, tick, lot, resolution, tuple(notes))


def sessions_of(tape: Tape, gap_seconds: float = GAP_SECONDS) -> list[Tape]:
    """The tape parted where nothing traded for longer than `gap_seconds`, or than 100 times the
    median time between trades if that is more: nights and weekends are no returns."""
    waits = np.diff(tape.time)
    waits_between = waits[waits > 0]
    usual = 100 * float(np.median(waits_between)) if len(waits_between) else 0.0
    closed = waits > max(gap_seconds * 1e9, usual)
    ends = [0, *(np.flatnonzero(closed) + 1).tolist(), len(tape.time)]
    return [Tape._make(column[first:end] for column in tape) for first, end in pairwise(ends)]


def _trades_of(frame: pl.DataFrame, what: str, notes: list[str]) -> pl.DataFrame:
    """The trades of an order-level recording; any other frame as it is."""
    import polars as pl

    if "action" not in frame.columns or frame["action"].dtype != pl.String:
        return frame
    trades = frame.filter(pl.col("action") == "T")
    notes.append(f"{len(trades):,} rows of {len(frame):,} are trades (column 'action')")
    if "price" in frame.columns and frame["price"].dtype.is_integer():
        trades = trades.with_columns(pl.col("price") / PRICE_SCALE)
    return trades


def _one_symbol(frame: pl.DataFrame, symbol: str | None, what: str) -> tuple[pl.DataFrame, str]:
    """The rows of one symbol, and its name ("" if the tape does not say)."""
    import polars as pl

    name = find_column(frame, "symbol")
    if name is None:
        if symbol is not None:
            raise TapeError(
                f"{what}: there is no column 'symbol' to look for {symbol!r} in; leave it out"
            )
        return frame, ""
    names = frame[name].cast(pl.String)
    known = names.drop_nulls().unique(maintain_order=True).to_list()
    if symbol is None and len(known) > 1:
        shown = ", ".join(known[:5]) + (", ..." if len(known) > 5 else "")
        raise TapeError(
            f"{what}: there are {len(known)} symbols ({shown}); say which one, as with "
            f"--symbol {known[0]}"
        )
    wanted = known[0] if symbol is None and known else symbol
    rows = frame.filter(names == wanted)
    if not len(rows):
        raise TapeError(f"{what}: no trades of {wanted!r}; there are {', '.join(known[:5])}")
    return rows, str(wanted)


def _to_grid(price: F64, what: str) -> I64:
    """Prices in 1e-4, which is as fine as qtg's are; a few finer ones are rounded."""
    scaled = price * PRICE_SCALE
    if scaled.max() > 2**53:
        row = int(scaled.argmax())
        raise TapeError(
            f"{what}: row {row} (counted from 0) has the price {price[row]:g}, too high to be kept "
            "exactly; give prices in a larger unit"
        )
    whole: I64 = np.maximum(np.rint(scaled), 1).astype(np.int64)
    finer = np.abs(scaled - whole) > 1e-4 + 1e-10 * scaled
    if finer.mean() > 1 - MOSTLY:
        row = int(finer.argmax())
        raise TapeError(
            f"{what}: row {row} (counted from 0) has the price {price[row]:.10g}, finer than "
            "0.0001, the smallest step there is; multiply all prices by a power of ten"
        )
    return whole


def _whole(qty: F64, price: float, notes: list[str]) -> I64:
    """Quantities as whole numbers: fractions are counted in a smaller unit, and what agents could
    not pay for in a larger one."""
    power = 0
    while power < 8 and np.median(qty) * 10**power < _LARGEST_MEDIAN:
        if np.mean(np.abs(qty * 10**power - np.rint(qty * 10**power)) < 1e-6) >= MOSTLY:
            break
        power += 1
    typical = float(np.sqrt(np.mean(np.square(qty)))) * price
    power = min(power, math.floor(math.log10(_LARGEST_NOTIONAL / typical)))
    unit = 10.0**-power
    if power:
        notes.append(f"a share of the market stands for {unit:g} of the tape's quantities")
    whole: I64 = np.maximum(np.rint(qty / unit), 1).astype(np.int64)
    return whole


def _sides(frame: pl.DataFrame, what: str) -> I8:
    """+1, -1 or 0 for each trade."""
    import polars as pl

    name = find_column(frame, "side")
    if name is None:
        return np.zeros(len(frame), np.int8)
    column = frame[name]
    if column.dtype.is_float():
        column = column.fill_nan(0).cast(pl.Int64)
    letters = column.cast(pl.String).fill_null("").str.to_lowercase().str.strip_chars()
    codes = {**dict.fromkeys(_BUYS, 1), **dict.fromkeys(_SELLS, -1), **dict.fromkeys(_UNKNOWN, 0)}
    strange = (~letters.is_in(list(codes))).arg_true()
    if len(strange):
        row = int(strange[0])
        raise TapeError(
            f"{what}: row {row} (counted from 0) has the {name} {frame[name][row]!r}; write buy or "
            "sell, +1 or -1, or leave the column out"
        )
    side: I8 = letters.replace_strict(codes, return_dtype=pl.Int8).to_numpy()
    return side


def _own_times(frame: pl.DataFrame, time: I64, side: I8) -> I64:
    """Trades of a qtg run carry the time of their tick: spread its orders over it."""
    if not {"buy_order_id", "sell_order_id", "tick"} <= set(frame.columns):
        return time
    taker = np.where(side > 0, frame["buy_order_id"], frame["sell_order_id"])
    ticks = np.diff(frame["tick"].to_numpy())
    later = ticks > 0
    return spread_over_ticks(time, taker, int(np.min(np.diff(time)[later] // ticks[later])))


def _check_enough(time: I64, price: I64, what: str) -> None:
    if len(time) < FEWEST:
        raise TapeError(f"{what}: {len(time)} trades are too few; give at least {FEWEST}")
    if price.min() == price.max():
        raise TapeError(
            f"{what}: all {len(price):,} trades are at {price[0] / PRICE_SCALE:g}; give a tape "
            "whose price moves"
        )
    if time[0] == time[-1]:
        raise TapeError(
            f"{what}: all {len(time):,} trades are at one time; give times of day, not only days"
        )
