"""Tier 1 agents that hold a position for a reason: who they are, what their rule reads, and the
orders they are working."""

from typing import Annotated, NamedTuple

from .columns import F64, I8, I32, I64, Col


class TraderRows(NamedTuple):
    """Traders of any kind, one row per agent."""

    env: Annotated[I32, Col("env", "environment")]
    agent: Annotated[I32, Col("agent", "agent row within the environment")]
    latency: Annotated[I32, Col("ticks", "order latency")]
    every: Annotated[I32, Col("ticks", "ticks from one turn to the next")]
    probability: Annotated[F64, Col("share", "chance that it decides in its turn")]
    size: Annotated[F64, Col("shares", "position it takes, away from what it began with")]
    lifetime: Annotated[F64, Col("ticks", "ticks after which a child order expires")]
    floor: Annotated[I64, Col("shares", "smallest position it may aim for; below 0 is short")]
    working: Annotated[I8, Col("0/1", "whether some position is not yet what it should be")]


class Desk(NamedTuple):
    """What each trader wants of each symbol, and the parent order on the way there. Shape
    (row, symbol)."""

    base: Annotated[I64, Col("shares", "position it began with: what a flat rule goes back to")]
    stance: Annotated[I8, Col("-1..1", "what the rule said last: short, flat or long")]
    target: Annotated[I64, Col("shares", "position that the parent order leads to")]
    start_qty: Annotated[I64, Col("shares", "position when the parent order began")]
    start_tick: Annotated[I64, Col("tick", "when the parent order began")]
    start_volume: Annotated[I64, Col("shares", "what the market had traded by then")]
    busy_until: Annotated[I64, Col("tick", "its child order has ended by then")]


class TechnicalRows(NamedTuple):
    """Rules over one or two indicators."""

    rule: Annotated[I8, Col("TechnicalRule", "which one")]
    first: Annotated[I32, Col("row", "reading of the board")]
    second: Annotated[I32, Col("row", "second reading; the first again if the rule has one")]
    enter: Annotated[F64, Col("1", "level at which it goes long")]
    leave: Annotated[F64, Col("1", "level at which it goes short, or goes flat")]


class PairRows(NamedTuple):
    """Pairs traders."""

    pair: Annotated[I32, Col("row", "its pair, a column of the board's spreads")]
    reading: Annotated[I32, Col("row", "its window, a row of the board's spreads")]
    first: Annotated[I32, Col("symbol", "the symbol that is hedged")]
    second: Annotated[I32, Col("symbol", "what it is hedged with")]
    enter: Annotated[F64, Col("1", "z-score of the spread at which it trades")]
    leave: Annotated[F64, Col("1", "z-score at which it closes both legs")]


class FactorRows(NamedTuple):
    """Factor long-short traders."""

    momentum: Annotated[I32, Col("row", "reading of the board")]
    volatility: Annotated[I32, Col("row", "reading of the board")]
    reversion: Annotated[I32, Col("row", "reading of the board")]
    momentum_weight: Annotated[F64, Col("1", "weight of what has risen")]
    value_weight: Annotated[F64, Col("1", "weight of what is cheap by its fair value")]
    volatility_weight: Annotated[F64, Col("1", "weight of what moves little")]
    reversion_weight: Annotated[F64, Col("1", "weight of what lies below its mean")]
    quality_weight: Annotated[F64, Col("1", "weight of what earns, grows and is safe")]
    share: Annotated[F64, Col("share", "part of the symbols it is long of, and short of")]


class NewsRows(NamedTuple):
    """Traders who go with the news."""

    threshold: Annotated[F64, Col("1", "sentiment of news that is worth a trade")]
    holding: Annotated[F64, Col("ticks", "how long it stays in")]


class ExecutorRows(NamedTuple):
    """Agents with one parent order."""

    qty: Annotated[F64, Col("shares", "to be bought, or sold if negative")]
    start: Annotated[F64, Col("ticks", "ticks after the warm-up at which it begins")]
