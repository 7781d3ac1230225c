"""What a calibration found: the market, and how close it comes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from qtg.errors import StorageError

from .measures import Measures
from .statistics import STATISTICS, Scale
from .written import written

if TYPE_CHECKING:
    import polars as pl

    from qtg.config import Config


@dataclass(frozen=True)
class Calibration:
    """A market fitted to a tape.

    Attributes
    ----------
    config : Config
    real : dict of str to float                the tape's statistics, see `measures.measure`
    fitted : a dict per held-out seed          the market's, with seeds that the search has not seen
    source : str                               name of the file, without its folder
    trades, sessions : int                     how many
    span : (int, int)                          time of the first and last trade [ns since 1970]
    signs : str                                what told the aggressor: sides, quotes or tick rule
    tried : int                                markets that the search simulated
    loss : float                               of the best of them
    notes : tuple of str                       what is to be known about how the tape was read
    """

    config: Config
    real: Measures
    fitted: tuple[Measures, ...]
    source: str
    trades: int
    sessions: int
    span: tuple[int, int]
    signs: str
    tried: int
    loss: float
    notes: tuple[str, ...]

    def frame(self) -> pl.DataFrame:
        """One row per statistic: real, fitted (mean of the held-out seeds), the standard deviation
        over these, fitted over real, the tolerance in words, and whether it was reached (null
        where the tape or the market is too short)."""
        import polars as pl

        rows = []
        for each in STATISTICS:
            real = self.real[each.key]
            if math.isnan(real) and each.key == "spread":
                continue  # no quotes were given
            values = np.array([seed[each.key] for seed in self.fitted])
            fitted = float(values.mean())
            off = each.distance(real, fitted)
            rows.append(
                (
                    each.label,
                    None if math.isnan(real) else real,
                    None if math.isnan(fitted) else fitted,
                    None if math.isnan(fitted) else float(values.std(ddof=1)),
                    None if math.isnan(fitted / (real or math.nan)) else fitted / real,
                    _tolerance(each.scale, each.tolerance, each.slack),
                    None if math.isnan(off) else abs(off) <= 1.0,
                )
            )
        names = ("statistic", "real", "fitted", "std", "ratio", "tolerance", "reached")
        kinds = (pl.String, *(pl.Float64,) * 4, pl.String, pl.Boolean)
        return pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")

    @property
    def summary(self) -> str:
        """The tape in one line."""
        first, last = (datetime.fromtimestamp(ns // 10**9, UTC) for ns in self.span)
        parts = f"{self.sessions} session{'s' if self.sessions > 1 else ''}"
        return (
            f"{self.source}: {self.trades:,} trades in {parts}, {first:%Y-%m-%d %H:%M} to "
            f"{last:%Y-%m-%d %H:%M} UTC, signs by {self.signs}"
        )

    def to_toml(self) -> str:
        """The configuration, with comments that say where its numbers come from."""
        return written(self.config, self.summary, self.frame())

    def save(self, path: str | Path) -> Path:
        """Write `to_toml` to a file; returns its path.

        Raises
        ------
        StorageError    it cannot be written
        """
        path = Path(path)
        try:
            path.write_text(self.to_toml(), encoding="utf-8")
        except OSError as error:
            raise StorageError(f"{path}: cannot be written, {error.strerror}") from None
        return path


def _tolerance(scale: Scale, tolerance: float, slack: float) -> str:
    if scale is Scale.DIFFERENCE:
        return f"+- {tolerance:g}"
    return f"x {1 / tolerance:.2f} to {tolerance:.2f}" + (f", or +- {slack:g}" if slack else "")
