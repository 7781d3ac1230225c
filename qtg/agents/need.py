"""What a kind declares that it reads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Need:
    """An indicator that a kind reads; only what some population needs is computed.

    Parameters
    ----------
    indicator : str, or tuple of str    name in `qtg.quant`; of several, the parameter `choice`
        says which one an agent reads (0 is the first)
    lengths : mapping                   arguments of the indicator: each the name of the parameter
        that holds an agent's window [bars], or a whole number for all
    part : str, optional                the column of an indicator that has several
    choice : str, optional              parameter that chooses among the indicators
    """

    indicator: str | tuple[str, ...]
    lengths: Mapping[str, str | int] = field(default_factory=dict)
    part: str | None = None
    choice: str | None = None

    def problem(self, params: Iterable[str]) -> str:
        """What is wrong with it beside these parameters; empty if nothing."""
        from qtg import quant

        names = (self.indicator,) if isinstance(self.indicator, str) else self.indicator
        rolling = [name for name in quant.__all__ if hasattr(getattr(quant, name), "start")]
        for name in names:
            if name not in rolling:
                return f"names {name!r}, but the indicators are {', '.join(rolling)}"
        used = [value for value in self.lengths.values() if isinstance(value, str)]
        for value in [*used, self.choice]:
            if value is not None and value not in params:
                return f"takes {value!r} from the parameters; declare it there"
        return ""
