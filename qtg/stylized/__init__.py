"""How much a run looks like a real market: the stylized facts, with gates.

The facts are those of Cont (2001), Empirical properties of asset returns, and of the literature on
order flow that each row names. Bars are one simulated minute, built from trades.
"""

from .scorecard import Scorecard, realism

__all__ = ["Scorecard", "realism"]
