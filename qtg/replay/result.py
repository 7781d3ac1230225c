"""What a replay found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import polars as pl

_FILLS: pl.DataType = pl.List(pl.Struct({"order_id": pl.Int64, "qty": pl.Int64}))

SCHEMA: dict[str, Any] = {
    "row": pl.Int64,
    "ts": pl.Datetime("ns", "UTC"),
    "kind": pl.Enum(["auction", "continuous"]),
    "side": pl.Int8,
    "price": pl.Int64,
    "size": pl.Int64,
    "recorded": _FILLS,
    "our_price": pl.Int64,
    "our_size": pl.Int64,
    "ours": _FILLS,
    "scored": pl.Boolean,
    "matched": pl.Boolean,
    "helped_by": pl.String,
    "why": pl.String,
}


@dataclass(frozen=True)
class L3Replay:
    """Recorded trades beside those of our venue.

    Attributes
    ----------
    trades : polars frame, one row per recorded trade: `row` of its message, `ts`, `kind`
        (auction, continuous), `side` of the aggressor, `price` [1e-4], `size`, `recorded` fills
        and `ours` (order id and quantity, in order), `our_price` and `our_size`, whether it was
        `scored` and `matched`, what `helped_by` besides first in, first out (`look_ahead`,
        `iceberg`), and `why` it did not match
    messages : int             rows of the recording
    unknown_cancels : int      cancels of orders that were never shown
    tick_size : int            tick of the venue [1e-4]
    """

    trades: pl.DataFrame
    messages: int
    unknown_cancels: int
    tick_size: int

    @property
    def continuous(self) -> pl.DataFrame:
        """The continuous trades that name the orders they filled."""
        return self.trades.filter(pl.col("kind") == "continuous", pl.col("scored"))

    @property
    def auctions(self) -> pl.DataFrame:
        """The auctions."""
        return self.trades.filter(pl.col("kind") == "auction", pl.col("scored"))

    @property
    def match_rate(self) -> float:
        """Share of the continuous trades that filled the same orders in the same sizes and order.

        NaN without any.
        """
        return _share(self.continuous["matched"])

    def summary(self) -> dict[str, Any]:
        """The replay in numbers; prices at 1e-4, those of the first auction, None without one."""
        continuous, auctions = self.continuous, self.auctions
        alone = continuous["matched"] & (continuous["helped_by"] == "")
        opening = auctions.row(0, named=True) if len(auctions) else {}
        return {
            "messages": self.messages,
            "tick_size": self.tick_size,
            "trades": len(self.trades),
            "unscored": int((~self.trades["scored"]).sum()),
            "continuous": len(continuous),
            "matched": int(continuous["matched"].sum()),
            "match_rate": self.match_rate,
            "matched_first_in_first_out": int(alone.sum()),
            "match_rate_first_in_first_out": _share(alone),
            "auctions": len(auctions),
            "auctions_matched": int(auctions["matched"].sum()),
            "auction_price": opening.get("our_price"),
            "auction_volume": opening.get("our_size"),
            "recorded_auction_price": opening.get("price"),
            "recorded_auction_volume": opening.get("size"),
            "unknown_cancels": self.unknown_cancels,
            "why_not": dict(Counter(continuous.filter(~pl.col("matched"))["why"]).most_common()),
        }


def _share(matched: pl.Series) -> float:
    return float(matched.sum()) / len(matched) if len(matched) else float("nan")
