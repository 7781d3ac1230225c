"""What stocks are worth and what becomes known about them."""

from typing import Annotated, NamedTuple

from .columns import F64, I8, I32, I64, NO_ROW, Col


class Fundamentals(NamedTuple):
    """The economics of each stock. Shape (market,)."""

    eps: Annotated[F64, Col("price", "expected earnings per share and year")]
    eps_anchor: Annotated[F64, Col("price", "where mean-reverting earnings return to")]
    growth: Annotated[F64, Col("per year", "expected growth of earnings")]
    payout: Annotated[F64, Col("share", "part of the earnings that is paid as dividend")]
    beta: Annotated[F64, Col("1", "sensitivity to the market")]
    sector: Annotated[I32, Col("Sector", "sector of the company")]
    factors: Annotated[I64, Col("code", "bit k: volatility factor k is high")]
    volatility: Annotated[F64, Col("1", "volatility now over its long-run value", default=1)]


class Rates(NamedTuple):
    """What discounts earnings. Shape (environment,)."""

    risk_free: Annotated[F64, Col("per year", "risk-free rate")]
    premium: Annotated[F64, Col("per year", "equity risk premium")]


class News(NamedTuple):
    """What became known, one row per event. `sector` and `symbol` are null where an event
    concerns the whole market; `symbol` also where it concerns a whole sector."""

    tick: Annotated[I64, Col("tick", "tick at which it is known")]
    time: Annotated[I64, Col("ns", "time of the tick, UTC")]
    news_id: Annotated[I64, Col("id", "1, 2, 3, ... over the run, without gaps")]
    kind: Annotated[I8, Col("NewsKind", "what it is about")]
    sector: Annotated[I8, Col("Sector", "whose news; null for all", default=NO_ROW)]
    symbol: Annotated[I32, Col("symbol", "whose news; null for more than one", default=NO_ROW)]
    scheduled: Annotated[I8, Col("flag", "1 if its time was known ahead")]
    surprise: Annotated[
        F64,
        Col("fraction", "log change of earnings; for guidance, of growth; of the risk-free rate"),
    ]
    sentiment: Annotated[F64, Col("-1..1", "mood it brings")]
    duration: Annotated[I64, Col("ticks", "how long it stays on people's minds")]


class ActiveNews(NamedTuple):
    """Events on people's minds, one row each, in no order."""

    env: Annotated[I32, Col("env", "environment")]
    sector: Annotated[I32, Col("Sector", "sector whose mood it pulls; -1 all")]
    weight: Annotated[F64, Col("share", "part of the sector that it concerns")]
    sentiment: Annotated[F64, Col("-1..1", "mood it brings")]
    end: Annotated[I64, Col("tick", "first tick at which it is forgotten")]
