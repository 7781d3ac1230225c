"""News as marks on a price line."""

from typing import TYPE_CHECKING

import numpy as np

from .figure import Trace, line
from .tables import SymbolQuotes

if TYPE_CHECKING:
    import polars as pl

    from .context import Context

PRICE_DIGITS = 8


def news_marks(quotes: SymbolQuotes, context: "Context") -> list[Trace]:
    """Good and bad news that concerns a symbol, at the price it was heard at."""
    news = context.tables.get("news")
    if news is None:
        return []
    mine = _concerning(quotes.symbol, news, context)
    at = np.searchsorted(quotes.tick, mine["tick"].to_numpy())
    mine = mine.filter(at < len(quotes.tick))
    at = at[at < len(quotes.tick)]
    sentiment = mine["sentiment"].to_numpy()
    told = [
        f"{kind.replace('_', ' ')} ({mood:+.2f})"
        for kind, mood in zip(mine["kind"].cast(str), sentiment.tolist(), strict=True)
    ]
    traces = []
    for name, colour, shape, rows in (
        ("good news", "$green", "triangle-up", sentiment > 0),
        ("bad news", "$red", "triangle-down", sentiment <= 0),
    ):
        if not rows.any():
            continue
        mark = line(
            quotes.tick[at[rows]], quotes["last"][at[rows]], name, colour, digits=PRICE_DIGITS
        )
        mark |= {"mode": "markers", "hovertemplate": "%{text}<extra></extra>"}
        mark["text"] = [each for each, shown in zip(told, rows.tolist(), strict=True) if shown]
        mark["marker"] = {"color": colour, "symbol": shape, "size": 9}
        traces.append(mark)
    return traces


def _concerning(symbol: str, news: "pl.DataFrame", context: "Context") -> "pl.DataFrame":
    """Events of the symbol, of its sector and of the whole market."""
    import polars as pl

    instruments = context.tables.get("instruments")
    known = {} if instruments is None else dict(instruments.select("symbol", "sector").rows())
    sector = next((each for name, each in known.items() if str(name) == symbol), None)
    whose, branch = pl.col("symbol").cast(str), pl.col("sector").cast(str)
    shared = whose.is_null() & (branch.is_null() | (branch == str(sector)))
    return news.filter((whose == symbol).fill_null(False) | shared)
