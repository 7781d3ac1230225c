"""How many inputs went which way, and how many shares their orders asked for."""

from dataclasses import dataclass, fields

from .traffic import Message


@dataclass
class Tally:
    """Inputs, and the shares that the orders among them ask for."""

    orders: int = 0
    shares: int = 0

    def add(self, message: Message) -> None:
        """Count one."""
        self.orders += 1
        self.shares += message.shares


@dataclass
class Flow:
    """Where inputs from outside went: each of them, once.

    Attributes
    ----------
    sent, duplicated : Tally           by the source, and by the network besides
    lost : Tally                       by the network
    dropped_oldest, dropped_newest, rejected : Tally    by the queue, each by its policy
    refused : Tally                    by the market's door: malformed
    taken : Tally                      by the market
    left : Tally                       on their way or in the queue when the run ended
    """

    sent: Tally
    duplicated: Tally
    lost: Tally
    dropped_oldest: Tally
    dropped_newest: Tally
    rejected: Tally
    refused: Tally
    taken: Tally
    left: Tally

    @classmethod
    def zero(cls) -> "Flow":
        """Nothing yet."""
        return cls(*(Tally() for _ in fields(cls)))

    def missing(self) -> Tally:
        """What came and went nowhere; nothing, if the inputs are conserved."""
        came = (self.sent, self.duplicated)
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        went = [one for name, one in named.items() if name not in ("sent", "duplicated")]
        return Tally(
            sum(one.orders for one in came) - sum(one.orders for one in went),
            sum(one.shares for one in came) - sum(one.shares for one in went),
        )

    def add(self, other: "Flow") -> None:
        """Add another run's."""
        for each in fields(self):
            mine, its = getattr(self, each.name), getattr(other, each.name)
            mine.orders += its.orders
            mine.shares += its.shares
