"""Small tapes to calibrate on."""

from pathlib import Path

import numpy as np
import polars as pl

START = 1_700_000_000_000_000_000  # ns: 2023-11-14


def random_tape(n: int = 400, seed: int = 1) -> pl.DataFrame:
    """Trades of a random walk that bounces between bid and ask, at uneven times."""
    rng = np.random.default_rng(seed)
    time = START + np.cumsum(rng.integers(1, 4_000, n)) * 1_000_000
    middle = 10_000 + np.cumsum(rng.integers(-1, 2, n))
    side = rng.choice([-1, 1], n)
    return pl.DataFrame(
        {
            "time": time,
            "price": (middle + side) / 100.0,
            "qty": rng.integers(1, 50, n) * 10,
            "side": side,
        }
    )


def written(frame: pl.DataFrame, folder: Path, name: str = "tape.parquet") -> Path:
    """The frame as a file, Parquet or CSV by its name."""
    path = folder / name
    if path.suffix == ".csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)
    return path
