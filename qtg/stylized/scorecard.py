"""The table of facts of one run or of several seeds."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .bars import minute_bars
from .curves import Curves, curves
from .facts import (
    Fact,
    anchoring,
    book_shape,
    bursts,
    heavy_tails,
    linear_autocorrelation,
    order_flow,
    spread,
    tail_index,
    unmeasured,
    volatility_clustering,
    volume_and_volatility,
)
from .impact import IMPACT, Impact, measure_impact, square_root_impact

if TYPE_CHECKING:
    import polars as pl

    from qtg.result import Result

OF_BARS = (
    linear_autocorrelation,
    heavy_tails,
    tail_index,
    volatility_clustering,
    volume_and_volatility,
    bursts,
)
PAIRED = "needs paired runs: `qtg realism PRESET`, or `impact=True`"


class Measured(NamedTuple):
    """What one run looks like."""

    facts: tuple[Fact, ...]
    curves: Curves


@dataclass(frozen=True)
class Scorecard:
    """The facts of one or more runs of a market.

    Attributes
    ----------
    measured : tuple of Measured    facts and curves of each run, the same facts in each
    about : str                     what was run
    """

    measured: tuple[Measured, ...]
    about: str = ""

    @property
    def runs(self) -> tuple[tuple[Fact, ...], ...]:
        """One row of facts per run."""
        return tuple(each.facts for each in self.measured)

    @property
    def passed(self) -> bool:
        """Whether every fact that could be measured passes in the median run."""
        table = self.frame()
        return bool(table["passed"].drop_nulls().all())

    def frame(self) -> "pl.DataFrame":
        """One row per fact: value of the median run, 95% interval, gate, whether it passes, and
        the share of runs that do."""
        import polars as pl

        rows = [_row(list(facts)) for facts in zip(*self.runs, strict=True)]
        schema = {
            "fact": pl.String,
            "statistic": pl.String,
            "value": pl.Float64,
            "low": pl.Float64,
            "high": pl.Float64,
            "gate": pl.String,
            "passed": pl.Boolean,
            "pass_rate": pl.Float64,
        }
        return pl.DataFrame(rows, schema=schema, orient="row")

    def report(self, path: str | Path) -> Path:
        """Write one HTML file: every fact over the runs with its gate, and the curves.

        Raises
        ------
        StorageError    the file cannot be written
        """
        from .page import write_page

        return write_page(self, Path(path))


def realism(runs: "Result | Iterable[Result]", *, impact: bool = False) -> Scorecard:
    """Measure how much runs look like a real market.

    Parameters
    ----------
    runs : Result, or several of the same market with different seeds
    impact : bool    whether to measure the impact of metaorders too, in two more runs of the same
        configuration for each run

    Returns
    -------
    Scorecard    facts that cannot be measured are in it, and say why

    Raises
    ------
    StorageError    a run is too short or did not trade

    Source
    ------
    Cont (2001), Empirical properties of asset returns: stylized facts and statistical issues,
    Quantitative Finance 1(2); Vyetrenko et al. (2019), Get Real, arXiv 1912.04941
    """
    from qtg.result import Result

    several = [runs] if isinstance(runs, Result) else runs
    return Scorecard(tuple(measure(run, _impact(run) if impact else None) for run in several))


def measure(run: "Result", impact: Impact | None = None) -> Measured:
    """Facts and curves of a run; `impact` was measured in runs of its own."""
    bars = minute_bars(run)
    found = [fact for of in OF_BARS for fact in of(bars)]
    found += [*spread(run), *book_shape(run), *order_flow(run), *anchoring(bars, run)]
    if impact is None:
        found += [unmeasured(name, PAIRED) for name in IMPACT]
    else:
        found += square_root_impact(impact)
    return Measured(tuple(found), curves(bars, run, impact))


def _impact(run: "Result") -> Impact:
    from qtg.config import Config

    return measure_impact(Config(**run.config))


def _row(facts: list[Fact]) -> tuple[object, ...]:
    measured = [fact for fact in facts if fact.passed is not None]
    if not measured:
        first = facts[0]
        return first.name, first.statistic, None, None, None, first.gate, None, None
    middle = sorted(measured, key=lambda fact: fact.value)[(len(measured) - 1) // 2]
    error = _error(measured)
    reach = None if np.isnan(error) else 1.96 * error
    return (
        middle.name,
        middle.statistic,
        middle.value,
        None if reach is None else middle.value - reach,
        None if reach is None else middle.value + reach,
        middle.gate,
        middle.passed,
        sum(bool(fact.passed) for fact in measured) / len(measured),
    )


def _error(measured: list[Fact]) -> float:
    """Standard error: over runs if there are several, else over symbols."""
    if len(measured) > 1:
        values = np.array([fact.value for fact in measured])
        return float(values.std(ddof=1) / np.sqrt(len(values)))
    return measured[0].error
