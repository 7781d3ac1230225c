"""Times the operations of a venue, from outside: a venue that is not watched does nothing more."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from .latencies import Latencies

if TYPE_CHECKING:
    from qtg.venue import Venue

# What a venue is asked to do, and the method behind it.
OPERATIONS = {
    "submit": "submit",
    "match": "match",
    "uncross": "end_call",
    "advance": "advance",
}
Record = Callable[[str, int], Any]


def watch_venue(venue: "Venue", record: Record) -> Callable[[], None]:
    """Call `record(operation, ns)` after each operation; gives what ends that."""
    for operation, method in OPERATIONS.items():
        setattr(venue, method, _timed(getattr(venue, method), operation, record))

    def unwatch() -> None:
        for method in OPERATIONS.values():
            vars(venue).pop(method, None)

    return unwatch


@contextmanager
def time_venue(venue: "Venue") -> Iterator[Latencies]:
    """Time what a venue does within the block.

    Gives the histograms of "submit" (a whole batch), and within it of "match", "uncross" and
    "advance".

    Examples
    --------
    >>> from qtg import Venue
    >>> venue = Venue()
    >>> with time_venue(venue) as times:
    ...     events = venue.submit(dict(side=[1], price=[1_000_000], qty=[5]))
    >>> times.summary()["submit"].count
    1
    """
    latencies = Latencies(OPERATIONS)
    unwatch = watch_venue(venue, lambda operation, ns: latencies.record(operation, (ns,)))
    try:
        yield latencies
    finally:
        unwatch()


def _timed(method: Callable[..., Any], operation: str, record: Record) -> Callable[..., Any]:
    def timed(*given: Any, **named: Any) -> Any:
        start = perf_counter_ns()
        try:
            return method(*given, **named)
        finally:
            record(operation, perf_counter_ns() - start)

    return timed
