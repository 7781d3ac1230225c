"""Measures what the preset `real_stocks` holds, from packages that carry daily prices.

`python -m tests.calibration.real_stocks` prints it. The packages are read, not imported: see
tests/tapes.txt for their versions.
"""

import importlib.util
from functools import reduce
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

#        sector, tick
STOCKS = {
    "AAPL": ("tech", 0.01),
    "GOOG": ("tech", 0.01),
    "IBM": ("tech", 0.01),
    "MSFT": ("tech", 0.01),
    "NASDAQ": ("tech", 0.1),
    "SP500": ("industrials", 0.1),
    "XLE": ("energy", 0.01),
    "XLF": ("finance", 0.01),
    "XLB": ("materials", 0.01),
    "XLU": ("utilities", 0.01),
}
DAYS_PER_YEAR = 252


class Measured(NamedTuple):
    """In the order of STOCKS."""

    first: str
    last: str
    returns: int
    price: list[float]
    volatility: list[float]
    matrix: np.ndarray
    correlation: float
    sector_correlation: float
    residual: float


def package_file(package: str, path: str) -> Path | None:
    """A file inside an installed package, without importing it; None if it is not there."""
    spec = importlib.util.find_spec(package)
    for folder in (spec and spec.submodule_search_locations) or ():
        if (found := Path(folder) / path).exists():
            return found
    return None


def sources() -> dict[str, Path] | None:
    """The files, or None if one is missing."""
    found = {
        "stocks": package_file("bokeh_sampledata", "_data/stocks.csv.gz"),
        "NASDAQ": package_file("arch", "data/nasdaq/nasdaq.csv.gz"),
        "SP500": package_file("arch", "data/sp500/sp500.csv.gz"),
        "funds": package_file("mlfinpy", "dataset/data/stock_prices.csv"),
    }
    known = {name: path for name, path in found.items() if path is not None}
    return known if len(known) == len(found) else None


def measured(files: dict[str, Path]) -> Measured:
    """Prices, volatilities and correlations over the days that all have."""
    frames = [_prices(name, files) for name in STOCKS]
    days = reduce(lambda one, other: one.join(other, on="date"), frames).sort("date")
    last = [float(days[f"{name}_close"][-1]) for name in STOCKS]
    steps = np.diff(np.log(days.select(*STOCKS).to_numpy()), axis=0)
    matrix = np.corrcoef(steps.T)
    common, sector, residual = two_numbers(matrix, [sector for sector, _ in STOCKS.values()])
    return Measured(
        str(days["date"][0]),
        str(days["date"][-1]),
        len(steps),
        [round(round(each / tick) * tick, 2) for each, (_, tick) in zip(last, STOCKS.values())],
        [float(each) for each in steps.std(axis=0, ddof=1) * np.sqrt(DAYS_PER_YEAR)],
        matrix,
        common,
        sector,
        residual,
    )


def two_numbers(matrix: np.ndarray, sectors: list[str]) -> tuple[float, float, float]:
    """Correlation c of any two, and s of the rest within a sector, that come closest; and the root
    mean square of what they miss. Within a sector the model says c + (1 - c) s, s not below 0."""
    rows, columns = np.triu_indices(len(matrix), 1)
    pairs = matrix[rows, columns]
    same = np.array([sectors[i] == sectors[j] for i, j in zip(rows, columns)])
    common, within = pairs[~same].mean(), pairs[same].mean()
    if within < common:  # then one number serves best
        common = within = pairs.mean()
    sector = (within - common) / (1.0 - common)
    miss = pairs - np.where(same, within, common)
    return float(common), float(sector), float(np.sqrt(np.mean(miss**2)))


def _prices(name: str, files: dict[str, Path]) -> pl.DataFrame:
    """Columns: date, `name` (adjusted) and `name`_close (as traded)."""
    if name in files:
        frame = pl.read_csv(files[name])
        date = pl.col("Date").str.to_date("%m/%d/%Y")
        close, adjusted = pl.col("Close"), pl.col("Adj Close")
    elif name.startswith("XL"):
        frame = pl.read_csv(files["funds"])
        date, close, adjusted = pl.col("Date").str.to_date(), pl.col(name), pl.col(name)
    else:
        frame = pl.read_csv(files["stocks"]).filter(pl.col("Ticker") == name)
        date = pl.col("Date").str.to_date()
        close, adjusted = pl.col("Close"), pl.col("Adj Close")
    return frame.select(
        date.alias("date"),
        adjusted.cast(pl.Float64).alias(name),
        close.cast(pl.Float64).alias(f"{name}_close"),
    )


if __name__ == "__main__":
    files = sources()
    if files is None:
        raise SystemExit("install the packages of tests/tapes.txt first")
    found = measured(files)
    print(f"{found.first} to {found.last}, {found.returns} returns")
    for name, price, volatility in zip(STOCKS, found.price, found.volatility):
        print(f"{name:7} {price:8.2f} {volatility:.3f}")
    print(f"correlation {found.correlation:.3f}, sector {found.sector_correlation:.3f}, ", end="")
    print(f"residual {found.residual:.3f}")
    print(found.matrix.round(2))
