"""How many shares exist and may be borrowed, by one word."""

from enum import Enum
from typing import NamedTuple


class RuleSet(Enum):
    """Which market the rules are those of."""

    TRAINING = 0
    REALISTIC = 1
    LIQUID = 2


class Rules(NamedTuple):
    """What a rule set decides."""

    shares_outstanding: int
    max_short: int
    borrow_pool: float


# Reference 000, "Default Configuration" of its part on short selling.
RULES = {
    RuleSet.TRAINING: Rules(1_000_000, 0, 0.0),
    RuleSet.REALISTIC: Rules(10_000_000, 10_000, 0.15),
    RuleSet.LIQUID: Rules(100_000_000, 50_000, 0.25),
}
# Without a rule set: a market in which nobody can borrow.
PLAIN = Rules(10_000_000, 0, 0.0)
