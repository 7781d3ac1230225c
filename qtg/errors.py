"""The exceptions of qtg. Each message says what was wrong, where, and what to change.

A rejected order is not an exception: it is an event with a reason code.
"""


class QtgError(Exception):
    """Base of all errors that qtg raises on purpose."""


class ConfigError(QtgError):
    """A configuration, preset name or argument is not usable."""


class OrderError(QtgError):
    """Columns handed to the venue are malformed: unequal lengths, wrong dtype, unknown names."""


class CapacityError(QtgError):
    """A table cannot grow any further."""


class StrategyError(QtgError):
    """A user's strategy failed or returned unusable orders."""


class StorageError(QtgError):
    """A run directory cannot be written or read."""


class CorruptData(StorageError):
    """A file is damaged: what it holds is not what was written.

    Attributes
    ----------
    file : str
    offset : int              byte at which the damage was found
    sequence : int or None    of the frame in which it was found
    """

    def __init__(self, what: str, file: str, offset: int, sequence: int | None = None) -> None:
        where = f" (frame {sequence})" if sequence is not None else ""
        super().__init__(f"{file} is damaged at byte {offset:,}{where}: {what}")
        self.file, self.offset, self.sequence = file, offset, sequence


class ReplayError(QtgError):
    """A run that was made again from its tape differs from it.

    Attributes
    ----------
    file : str
    tick : int                      the first that differs
    expected, found : (str, int)    trace hash and number of events so far: taped, and now
    """

    def __init__(
        self, file: str, tick: int, expected: tuple[str, int], found: tuple[str, int]
    ) -> None:
        super().__init__(
            f"the replay differs from {file} in tick {tick:,}: expected trace hash {expected[0]} "
            f"after {expected[1]:,} events, found {found[0]} after {found[1]:,}; "
            "look for another version of qtg or of a strategy"
        )
        self.file, self.tick, self.expected, self.found = file, tick, expected, found


class SnapshotError(StorageError):
    """A snapshot cannot be taken, or does not fit the run that it is to be restored into."""


class TapeError(QtgError):
    """A tape of trades or quotes cannot be used: a column is missing or a row makes no sense."""


class InvariantError(QtgError):
    """Money, shares or the book are inconsistent: a defect of qtg itself."""


class StrategyWarning(UserWarning):
    """A user's strategy was benched, or is written in a way that will be slow."""


class CacheWarning(UserWarning):
    """Compiled kernels cannot be kept on disk: nothing is wrong but the next start is slow."""
