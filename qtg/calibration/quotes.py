"""The best bid and ask over time."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from qtg.errors import TapeError
from qtg.schemas import I64, PRICE_SCALE

from .columns import find_column, need_column, read_amounts, read_frame, read_times

_MOST_CROSSED = 0.05


class QuoteTape(NamedTuple):
    """Best prices, each valid until the next row."""

    time: I64  # ns since 1970, UTC; never decreasing
    bid: I64  # 1e-4 currency
    ask: I64  # 1e-4 currency; above the bid


class RealQuotes(NamedTuple):
    """Quotes with what was found out while they were read."""

    quotes: QuoteTape
    notes: tuple[str, ...]


def read_quotes(source: Any, symbol: str | None = None) -> RealQuotes:
    """Read and check quotes: columns `time`, `bid`, `ask`, and `symbol` if there are several.

    Rows without one of the sides are left out, and so are up to 5% of rows whose bid is not below
    the ask.

    Raises
    ------
    TapeError    see the columns' readers; or more rows than that are crossed
    """
    import polars as pl

    what = str(source) if isinstance(source, (str, Path)) else "the quotes"
    frame = read_frame(source, what)
    bid_name = need_column(frame, "bid", what).name
    ask_name = need_column(frame, "ask", what).name
    time_name = need_column(frame, "time", what).name
    name = find_column(frame, "symbol")
    if name is not None and symbol:
        frame = frame.filter(pl.col(name).cast(pl.String) == symbol)
    n = len(frame)
    frame = frame.drop_nulls([bid_name, ask_name])
    notes = [f"{n - len(frame):,} quotes have one side only"] if n > len(frame) else []
    if not len(frame):
        raise TapeError(f"{what}: there are no quotes with both sides; give some")
    time = read_times(frame[time_name], what)
    bid = np.rint(read_amounts(frame[bid_name], what) * PRICE_SCALE).astype(np.int64)
    ask = np.rint(read_amounts(frame[ask_name], what) * PRICE_SCALE).astype(np.int64)
    fine = bid < ask
    if np.mean(~fine) > _MOST_CROSSED:
        row = int((~fine).argmax())
        raise TapeError(
            f"{what}: row {row} (counted from 0) has the bid {bid[row] / PRICE_SCALE:g} and the "
            f"ask {ask[row] / PRICE_SCALE:g}; correct these rows or swap "
            "the columns"
        )
    if not fine.all():
        notes.append(f"{int((~fine).sum()):,} quotes are locked or crossed and left out")
    return RealQuotes(QuoteTape(time[fine], bid[fine], ask[fine]), tuple(notes))
