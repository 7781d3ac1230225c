"""The base of strategies that are written as one ordinary object per agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from .agent_context import AgentContext


class Strategy:
    """One agent. Write a subclass with `on_tick`, and register it with `@qtg.strategy("name")`.

    The easy way to start: an agent is an object that keeps what it likes in itself. Each call costs
    some microseconds, so that it suits some hundred agents; a NumPy function answers for all of
    them at once, and a compiled function as fast as the built-in kinds.

    Attributes
    ----------
    params : dict     on the class: parameters with their defaults (numbers, distributions,
        `qtg.Param`); on an agent: its own numbers
    history : int     how many ticks of mid prices `ctx.history` can show

    Examples
    --------
    >>> @strategy("dip_buyer")
    ... class DipBuyer(Strategy):
    ...     params = {"dip": 0.01}
    ...
    ...     def on_tick(self, ctx):
    ...         if ctx.ask("AAPL") < ctx.fair_value("AAPL") * (1 - self.params["dip"]):
    ...             return ctx.buy("AAPL", 10, price=ctx.ask("AAPL"))
    """

    params: ClassVar[Any] = {}
    history: ClassVar[int] = 100

    def on_start(self, ctx: AgentContext) -> None:
        """Called once, in the first tick in which the agent may act."""

    def on_tick(self, ctx: AgentContext) -> Any:
        """Called whenever the agent may act.

        Returns
        -------
        None, or what `ctx.buy`, `ctx.sell`, `ctx.cancel` and `ctx.replace` gave: one of them, or a
        list. What is not returned is not sent.
        """
        raise NotImplementedError
