"""A market with a kind of the test's own."""

from collections.abc import Callable
from typing import Any

import qtg

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
