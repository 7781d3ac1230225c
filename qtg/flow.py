"""Order flow by regime, from a Result alone."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from .result import Result

_QUERY = """
select regime::varchar as regime, count(*) as ticks, sum(orders)::bigint as messages,
       sum(accepted)::bigint as orders, sum(canceled)::bigint as cancels,
       sum(trades)::bigint as fills, sum(events)::bigint as events,
       sum(canceled) / nullif(sum(accepted), 0) as cancel_rate,
       sum(trades) / nullif(sum(accepted), 0) as fill_rate,
       sum(events) / count(*) as events_per_tick,
       sum(events) * 1e9 / nullif(sum(total_ns), 0) as events_per_s,
       avg(resting) as resting, max(resting)::bigint as most_resting,
       avg(queued) as queued, max(queued)::bigint as most_queued
from metrics group by regime order by min(tick)
"""


def flow(run: "Result") -> "pl.DataFrame":
    """What came and went in each regime, one row per regime in the order they first held.

    Returns
    -------
    DataFrame    regime; ticks in it; messages that reached the books; orders that they took,
        cancels on request, fills, events; cancel_rate (cancels per order), fill_rate (fills per
        order); events_per_tick; events_per_s of wall-clock time; orders resting and messages on
        their way after a tick, on average (resting, queued) and at most (most_resting, most_queued)
    """
    return run.sql(_QUERY)
