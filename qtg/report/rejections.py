"""How often each reason code was given for a rejection."""

from typing import TYPE_CHECKING, Any

from qtg.errors import StorageError
from qtg.schemas import ExecType

if TYPE_CHECKING:
    import polars as pl


def count_rejections(result: Any) -> "pl.DataFrame | None":
    """Rejected messages by reason; None where the run did not keep its order events.

    Returns
    -------
    frame (reason: str, count: int64)   no rows where nothing was rejected
    """
    import polars as pl

    try:
        orders = result.scan("orders")
    except StorageError:
        return None
    rejected = orders.filter(pl.col("exec_type").cast(pl.String) == ExecType.REJECTED.name.lower())
    reasons = rejected.group_by(pl.col("reason").cast(pl.String))
    frame: pl.DataFrame = reasons.agg(pl.len().cast(pl.Int64).alias("count")).collect()
    return frame.sort("count", "reason")
