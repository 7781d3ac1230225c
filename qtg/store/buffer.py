"""Rows of one table on their way to a sink."""

import time
from collections import deque
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from qtg.errors import InvariantError
from qtg.schemas import allocate, grown, taken

T = TypeVar("T", bound=NamedTuple)

FIRST_ROWS = 1024


class Chunk(NamedTuple):
    """Rows that a buffer hands over; without rows it only asks for a commit."""

    home: "TableBuffer[Any]"
    columns: Any
    rows: int
    commit: bool  # whether they and all earlier rows must become readable now

    @property
    def filled(self) -> Any:
        """The columns cut to the rows that hold something; shares their memory."""
        return taken(self.columns, slice(0, self.rows))


class Owner(Protocol):
    """What a buffer needs of its sink."""

    due: float  # `time.monotonic()` at which everything is to be committed

    def check(self) -> None:
        """Raise what went wrong earlier, if anything did."""

    def take(self, chunk: Chunk) -> None:
        """Take rows over."""

    def commit_due(self) -> None:
        """Ask every buffer for a commit."""


class TableBuffer(Generic[T]):
    """Takes a table's rows tick by tick and hands them over in row groups.

    Parameters
    ----------
    table : type       the table class
    row_group : int    rows after which they are handed over
    owner : Owner      the sink

    Examples
    --------
    >>> from qtg.schemas import Trades
    >>> from qtg.store import MemorySink
    >>> sink = MemorySink(config={}, seed=7, fingerprint="", symbols=["AAPL"])
    >>> buffer = sink.table(Trades)
    >>> columns, at = buffer.reserve(1000)
    >>> columns.price[at : at + 2] = 1_000_000
    >>> buffer.commit(2)
    >>> buffer.rows
    2
    """

    def __init__(self, table: type[T], row_group: int, owner: Owner) -> None:
        self.table = table
        self.rows = 0  # committed rows that were not handed over yet
        self._row_group = row_group
        self._owner = owner
        self._reserved = 0
        self._largest = 0
        self._overdue = False
        self._room = 0
        self._columns = allocate(table, 0)
        self._spare: deque[T] = deque()

    def reserve(self, n: int) -> tuple[T, int]:
        """Room for up to `n` rows.

        Parameters
        ----------
        n : int    most rows that will be written

        Returns
        -------
        columns : T    column arrays; write rows `at` to `at + n`
        at : int       first row to write

        Raises
        ------
        StorageError    the sink failed earlier
        """
        self._owner.check()
        if self.rows + n > self._room:
            self._make_room(n)
        self._reserved = n
        return self._columns, self.rows

    def commit(self, n: int) -> None:
        """The first `n` of the reserved rows hold something; the rest is given up.

        Raises
        ------
        InvariantError    more rows than were reserved
        StorageError      the sink failed
        """
        if not 0 <= n <= self._reserved:
            name = self.table.__name__
            raise InvariantError(f"{name}: {n} rows committed, {self._reserved} reserved")
        self.rows += n
        self._reserved = 0
        if self._overdue or self.rows >= self._row_group:
            self.push(commit=self._overdue)
        if time.monotonic() >= self._owner.due:
            self._owner.commit_due()

    def extend(self, rows: T) -> None:
        """Append a copy of whole columns, each (n,)."""
        n = len(rows[0])
        columns, at = self.reserve(n)
        for ours, theirs in zip(columns, rows, strict=True):
            ours[at : at + n] = theirs
        self.commit(n)

    def push(self, commit: bool = False) -> None:
        """Hand over what is here and drop any reservation."""
        self._reserved = 0
        if commit:
            self._overdue = False
        if self.rows:
            # Only then let go of them: an interrupt while the sink waits must not lose rows.
            self._owner.take(Chunk(self, self._columns, self.rows, commit))
            self._columns, self.rows = self._fresh(), 0
        elif commit:
            self._owner.take(Chunk(self, None, 0, True))

    def push_when_idle(self) -> None:
        """Hand over for a commit: now, or with the next `commit` while rows are reserved."""
        if self._reserved:
            self._overdue = True
        else:
            self.push(commit=True)

    def give_back(self, columns: T) -> None:
        """Take back columns that were handed over; may be called from another thread."""
        self._spare.append(columns)

    def _make_room(self, n: int) -> None:
        """Grow up to a row group plus the largest reservation; beyond that hand over first."""
        self._largest = max(self._largest, n)
        most = self._row_group + self._largest
        if self.rows + n > most:
            self.push()
        if self.rows + n <= self._room:
            return
        self._room = min(most, max(2 * self._room, self.rows + 2 * n, FIRST_ROWS))
        if self.rows:
            self._columns = grown(self._columns, self._room)
        else:
            self._columns = allocate(self.table, self._room)

    def _fresh(self) -> T:
        """Columns to fill next: some that came back, unless they have become too short."""
        while self._spare:
            columns = self._spare.popleft()
            if len(columns[0]) >= self._room:
                return columns
        return allocate(self.table, self._room)
