"""One-minute bars of a run, as matrices of (minute, symbol)."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from qtg.errors import StorageError

if TYPE_CHECKING:
    import polars as pl

    from qtg.result import Result

MINUTE_MS = 60_000
FEWEST = 60  # minutes


class Bars(NamedTuple):
    """float64 (minute, symbol) each, warm-up left out; n symbols that traded."""

    close: np.ndarray  # last trade price so far [currency]; NaN before the first trade
    volume: np.ndarray  # shares
    fair_value: np.ndarray  # at the minute's end [currency]; all NaN without quotes


def minute_bars(run: "Result") -> Bars:
    """Bars of a run.

    Raises
    ------
    StorageError    the run is too short, a tick is longer than a minute, or nothing traded
    """
    tick_ms, first = int(run.config["tick_ms"]), warmup_ticks(run)
    if tick_ms > MINUTE_MS:
        raise StorageError(f"bars are one minute, but a tick of this run is {tick_ms} ms")
    ticks, length = int(run.info()["ticks"]), MINUTE_MS // tick_ms
    minutes = (ticks - first) // length
    if minutes < FEWEST:
        raise StorageError(
            f"after its warm-up this run covers {max(minutes, 0)} of the {FEWEST} minutes that the "
            f"statistics need; simulate at least {FEWEST * length} ticks"
        )
    bars = run.sql(
        f"""
        select symbol::varchar as symbol, (tick - {first} - 1) // {length} as minute,
               last(price order by trade_id) as close, sum(qty)::double as volume
        from trades where tick > {first} and tick <= {first + minutes * length}
        group by all order by all
        """
    )
    symbols = bars["symbol"].unique(maintain_order=True).to_list()
    if not symbols:
        raise StorageError("nothing traded after the warm-up, so there are no bars")
    shape = (minutes, len(symbols))
    close, volume = np.full(shape, np.nan), np.zeros(shape)
    at = _places(bars, symbols)
    close[at], volume[at] = bars["close"], bars["volume"]
    return Bars(_carried(close), volume, _fair_values(run, symbols, first, length, minutes))


def log_returns(close: np.ndarray, minutes: int = 1) -> list[np.ndarray]:
    """Log returns of each symbol over non-overlapping stretches; stretches without a price are
    left out."""
    each = np.diff(np.log(close[::minutes]), axis=0)
    return [column[np.isfinite(column)] for column in each.T]


def warmup_ticks(run: "Result") -> int:
    """Ticks of the run's warm-up, as far as the configuration tells."""
    return int(run.config.get("warmup", {}).get("ticks", 0))


def _places(bars: "pl.DataFrame", symbols: list[str]) -> tuple[np.ndarray, np.ndarray]:
    order = {symbol: place for place, symbol in enumerate(symbols)}
    columns = np.array([order[symbol] for symbol in bars["symbol"]], np.int64)
    return bars["minute"].to_numpy().astype(np.int64), columns


def _carried(close: np.ndarray) -> np.ndarray:
    """A minute without a trade keeps the price of the one before."""
    known = np.where(np.isnan(close), 0, np.arange(len(close))[:, None])
    np.maximum.accumulate(known, axis=0, out=known)
    return np.take_along_axis(close, known, axis=0)


def _fair_values(
    run: "Result", symbols: list[str], first: int, length: int, minutes: int
) -> np.ndarray:
    found = np.full((minutes, len(symbols)), np.nan)
    if "quotes" not in run.tables:
        return found
    quotes = run.sql(
        f"""
        select symbol::varchar as symbol, (tick - {first}) // {length} - 1 as minute, fair_value
        from quotes where tick > {first} and (tick - {first}) % {length} = 0
          and tick <= {first + minutes * length} and symbol in (select symbol from trades)
        order by all
        """
    )
    quotes = quotes.filter(quotes["symbol"].is_in(symbols))
    found[_places(quotes, symbols)] = quotes["fair_value"]
    return found
