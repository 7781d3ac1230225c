"""The exceptions of qtg. Each message says what was wrong, where, and what to change.

A rejected order is not an exception: it is an event with a reason code.
"""


def one_line(value: object, most: int = 200) -> str:
    """Something that was read, as it may stand in a message: printable, and not endless.

    >>> one_line("1\\n2"), one_line("a" * 9, most=3)
    ('1\\\\n2', 'aaa...')
    """
    try:
        text = str(value)[: most + 1]
    except (RecursionError, ValueError):
        text = f"a {type(value).__name__}"
    if not text.isprintable():
        text = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
    return text if len(text) <= most else f"{text[:most]}..."


class QtgError(Exception):
    """Base of all errors that qtg raises on purpose."""


class ConfigError(QtgError):
    """A configuration, preset name or argument is not usable."""


class OrderError(QtgError):
    """Columns handed to the venue are malformed: unequal lengths, wrong dtype, unknown names."""


class LifecycleError(QtgError):
    """An order cannot take this step: events contradict each other.

    `order_id`, `status` (OrdStatus), `event` (LifecycleEvent, or None for an event that no order
    has) and `why` say what the message says.
    """

    def __init__(
        self, message: str, *, order_id: int, status: int, event: int | None, why: str
    ) -> None:
        super().__init__(message)
        self.order_id = order_id
        self.status = status
        self.event = event
        self.why = why


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


class ModelError(QtgError):
    """A model cannot be used: it is damaged, none of qtg's, or does not fit what is asked."""


class ContractMismatch(ModelError):
    """A model was trained on other observations, or for other actions, than it is to have."""


class TapeError(QtgError):
    """A tape of trades or quotes cannot be used: a column is missing or a row makes no sense."""


class BridgeError(QtgError):
    """A bridge cannot do what it was asked to do."""


class BridgeFull(BridgeError):
    """A bridge's queue, or what waits for the next tick, is at its capacity: try again later."""


class BridgeTimeout(BridgeError):
    """The answer did not come within the time that the caller gave."""


class BridgeStopped(BridgeError):
    """The bridge was stopped, or never started: it takes no commands."""


class BridgeDead(BridgeError):
    """The simulation thread failed; the cause is the exception that it raised."""


class SweepError(QtgError):
    """A sweep cannot begin or go on: its folder holds another one, or its workers do not work."""


class InvariantError(QtgError):
    """Money, shares or the book are inconsistent: a defect of qtg itself."""


class StrategyWarning(UserWarning):
    """A user's strategy was benched, or is written in a way that will be slow."""


class StorageWarning(UserWarning):
    """A run was opened without parts that are damaged, as was asked for."""


class CacheWarning(UserWarning):
    """Compiled kernels cannot be kept on disk: nothing is wrong but the next start is slow."""
