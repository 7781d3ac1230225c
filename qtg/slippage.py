"""What orders cost against the market that they met.

Implementation shortfall of what was filled (Perold, 1988, The implementation shortfall: paper
versus reality): the average fill price against the mid when the order arrived. The mid of an
arrival is that of the quotes after the tick before; positive shortfall is worse for the order's
owner.
"""

from typing import TYPE_CHECKING

from .errors import StorageError

if TYPE_CHECKING:
    import polars as pl

    from .result import Result

_QUERY = """
with fills as (
    select order_id, symbol, tick, price, qty, true as takes
    from orders where exec_type = 'trade'
    union all
    select contra_id, symbol, tick, price, qty, false from orders where exec_type = 'trade'
), filled as (
    select order_id, symbol, sum(qty)::bigint as filled, sum(price * qty) / sum(qty) as price,
           count(*) as fills, count(distinct price) as levels, max(tick) as last_tick,
           sum(case when takes then qty else 0 end)::bigint as taken
    from fills group by order_id, symbol
), arrived as (
    select order_id, symbol, agent, side, tick, qty from orders where exec_type = 'new'
)
select a.order_id, a.symbol::varchar as symbol, a.agent, a.side::varchar as side, a.tick, a.qty,
       f.filled, f.taken, f.fills, f.levels, f.last_tick, (q.bid + q.ask) / 2 as arrival_mid,
       f.price, (case a.side when 'buy' then 1 else -1 end)
           * (f.price / ((q.bid + q.ask) / 2) - 1) * 10000 as shortfall_bps
from arrived a
join filled f using (order_id, symbol)
left join quotes q on q.symbol = a.symbol and q.tick = a.tick - 1
order by a.order_id, a.symbol
"""


def slippage(run: "Result") -> "pl.DataFrame":
    """One row per order that was filled at least in part.

    Parameters
    ----------
    run : Result    with `storage.orders = true` and `storage.quotes = true`

    Returns
    -------
    DataFrame    order_id, symbol, agent, side, tick of arrival, qty ordered, filled [shares],
        taken [shares of that filled on arrival, as aggressor], fills, levels (different prices),
        last_tick, arrival_mid and average price [currency], shortfall_bps. Arrival mid and
        shortfall are null where the market had no mid before. Orders whose quantity was replaced
        show what was first ordered.

    Raises
    ------
    StorageError    the run did not store what this needs
    """
    for table, name in (("orders", "storage.orders"), ("quotes", "storage.quotes")):
        if table not in run.tables:
            raise StorageError(
                f"slippage needs the table {table!r}, which this run did not store; simulate with "
                f"{name} = true"
            )
    return run.sql(_QUERY)
