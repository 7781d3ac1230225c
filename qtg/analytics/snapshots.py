"""Which snapshots of a run's agents the stored trades lead up to."""

from typing import TYPE_CHECKING

from ..errors import StorageError

if TYPE_CHECKING:
    from ..result import Result


def snapshot_ticks(run: "Result") -> list[int]:
    """Ticks of the agents' snapshots, ascending; the first is the start of the run.

    A run that did not end may have committed a snapshot but not yet all trades before it; those
    snapshots are left out.

    Raises
    ------
    StorageError    the run stored no snapshot of its agents
    """
    import polars as pl

    ticks = run.scan("agents").select(pl.col("tick").unique()).collect()["tick"].sort().to_list()
    if not ticks:
        raise StorageError("this run ended before the first snapshot of its agents")
    if run.status == "complete":
        return ticks
    last = run.scan("trades").select(pl.col("tick").max()).collect().item()
    return [tick for tick in ticks if tick == ticks[0] or (last is not None and tick <= last)]
