"""Chances of a chaos run: a pure function of its seed, of what is drawn, and of where.

The generator is BLAKE2b (RFC 7693), keyed with the seed, of the name and the counters of a draw; so
a draw does not depend on the machine, nor on what was drawn before it.
"""

from hashlib import blake2b

_TO_UNIT = 1.0 / (1 << 53)


class Draws:
    """Draws of one run.

    Examples
    --------
    >>> draws = Draws(7)
    >>> draws.below(6, "dice", 1), draws.below(6, "dice", 2), draws.below(6, "dice", 1)
    (3, 1, 3)
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._start = blake2b(digest_size=8, key=seed.to_bytes(8, "little"))

    def word(self, what: str, *counters: int) -> int:
        """64 random bits."""
        state = self._start.copy()
        state.update(f"{what}:{':'.join(map(str, counters))}".encode())
        return int.from_bytes(state.digest(), "little")

    def unit(self, what: str, *counters: int) -> float:
        """A number in [0, 1)."""
        return (self.word(what, *counters) >> 11) * _TO_UNIT

    def below(self, n: int, what: str, *counters: int) -> int:
        """A whole number in 0 .. n-1."""
        return (self.word(what, *counters) * n) >> 64

    def happens(self, chance: float, what: str, *counters: int) -> bool:
        """Whether something with this chance does."""
        return chance > 0.0 and self.unit(what, *counters) < chance
