"""A market with a kind of the test's own."""

from collections.abc import Callable
from typing import Any

import numpy as np

import qtg
from qtg.simulation import Simulation
from tests.simulation.small import lively

from .market import Outgoing, market, population

FIRST = 6  # agent row of the first of ours, after the four idle accounts
Answer = Callable[[qtg.StrategyContext], Any]


def answering(answer: Answer, count: int = 3, **fields: Any) -> Outgoing:
    """A market in which agents of the kind `mine` answer like this."""
    options = {key: fields.pop(key) for key in list(fields) if "__" in key or key == "symbols"}
    defaults = fields.pop("defaults", None)
    if "population_symbols" in fields:
        fields["symbols"] = fields.pop("population_symbols")
    qtg.strategy("mine", params=defaults)(answer)
    return market(population("mine", count, **fields), **options)


HUNTER = {"edge": 0.0005, "size": 20}  # parameters of a bargain hunter


def hunt_columns(ctx: qtg.StrategyContext) -> Any:
    """Bargain hunters over columns: buy below fair value, sell above it."""
    edge, size = ctx.params["edge"][:, None], ctx.params["size"][:, None]
    buy = (ctx.ask < ctx.fair_value * (1 - edge)) & (ctx.cash[:, None] >= ctx.ask * size)
    sell = (ctx.bid > ctx.fair_value * (1 + edge)) & (ctx.shares >= size)
    row, symbol = np.nonzero(buy | sell)
    side = np.where(buy[row, symbol], 1, -1)
    price = np.where(side > 0, ctx.ask[symbol], ctx.bid[symbol])
    return ctx.orders(row, symbol, side=side, qty=size[row, 0], price=price, lifetime=3)


def hunters_trade() -> list[str]:
    """Trace hashes of a run in which hunters of the kind `mine` trade."""
    edge = {"kind": "uniform", "low": 0.0002, "high": 0.001}
    mine = population("mine", 20, cash=20_000, shares=100, params={"edge": edge}, every=2)
    config = lively().with_(ticks=50)
    config = config.with_(smart=[*config.smart, {**mine, "probability": 0.7}])
    sim = Simulation(config, envs=[0, 3]).run(60)
    rows = np.flatnonzero(sim.exchange.ledger.accounts.kind == sim.kinds.index("mine"))
    assert (sim.exchange.ledger.positions.qty[rows] != 100).any(), "they traded"
    return sim.trace_hashes
