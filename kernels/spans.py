"""Spans: neighbouring markets of one bar that have come equally far.

The kernels of `indicators` and `trackers` move a span at a time. Its markets have all seen the same
number of values, so that the slot in a window, whether a value is defined yet, and whether an
average is still being seeded are the same for all: the loop over markets is plain arithmetic, which
the compiler turns into vector instructions. A span is nearly always the whole row. A market that
missed a bar, or was listed later, is a span of its own; that costs time and changes no value.

A loop that touches more than about ten rows is not vectorized, because too many of them might
overlap for all that the compiler knows: keep loops short, with a row of the output between them.

`seen` counts a market's values since the start or the last bar that was not usable.
"""

from typing import NamedTuple

import numpy as np

from ._jit import kernel, template

# Which bars (a, b, c) are usable. Inputs that a rule does not read may be any of the others.
FINITE, FINITE_PAIR, FINITE_TRIPLE, FINITE_PRODUCT, POSITIVE = 0, 1, 2, 3, 4

AHEAD = 128  # values that are looked at before they are used, a row or so


class Span(NamedTuple):
    """Markets of a bar: `x[span.bar, span.markets]` is their part of x, (bar, market)."""

    bar: int
    markets: slice
    seen: int  # values of each of these markets, with this bar's; 0: this bar is not usable
    whole: int  # the bars before this one are whole rows too


@kernel
def fill(row):
    """Nothing is defined here."""
    for m in range(len(row)):
        row[m] = np.nan


@kernel
def usable(rule, a, b, c):
    """Whether a market moves on by this bar; `rule` is a constant where this is called."""
    if rule == FINITE:
        return np.isfinite(a)
    if rule == FINITE_PAIR:
        return np.isfinite(a + b)
    if rule == FINITE_TRIPLE:
        return np.isfinite(a + b + c)
    if rule == FINITE_PRODUCT:
        return np.isfinite(a * b)
    return 0.0 < a < np.inf


@kernel
def all_usable(rule, a, b, c):
    """Whether all markets move on by this bar."""
    missing = 0
    for m in range(len(a)):
        missing += not usable(rule, a[m], b[m], c[m])
    return missing == 0


@kernel
def alike(seen):
    """Whether all markets have seen the same number of values."""
    others = 0
    for m in range(len(seen)):
        others += seen[m] != seen[0]
    return others == 0


@kernel
def whole_until(rule, seen, a, b, c, bar):
    """The first bar from `bar` on that is not known to be one span."""
    if not alike(seen):
        return bar
    last = min(len(a), bar + max(AHEAD // len(seen), 1))
    until = bar
    while until < last and all_usable(rule, a[until], b[until], c[until]):
        until += 1
    return until


@kernel
def part_of_row(rule, seen, a, b, c, bar, lo):
    """The span from market `lo` on."""
    moves, before = usable(rule, a[bar, lo], b[bar, lo], c[bar, lo]), seen[lo]
    after = before + 1 if moves else 0
    hi = lo
    while (
        hi < len(seen)
        and seen[hi] == before
        and usable(rule, a[bar, hi], b[bar, hi], c[bar, hi]) == moves
    ):
        seen[hi] = after
        hi += 1
    return Span(bar, slice(lo, hi), after, bar)


@kernel
def before_first():
    """What `next_span` starts from."""
    return Span(0, slice(0, 0), 0, 0)


@kernel
def next_span(span, rule, seen, a, b, c):
    """The span after this one; its bar is `len(a)` if there is none.

    The inputs a, b, c are of shape (bar, market). `seen` moves on with each span.
    """
    bar, lo, markets = span.bar, span.markets.stop, len(seen)
    if bar + 1 < span.whole:
        return Span(bar + 1, span.markets, span.seen + 1, span.whole)
    if lo == markets:
        bar, lo = bar + 1, 0
    if bar >= len(a) or markets == 0:
        return Span(len(a), slice(0, 0), 0, 0)
    if lo == 0:
        until = whole_until(rule, seen, a, b, c, bar)
        if until > bar:
            first = seen[0] + 1
            for m in range(markets):
                seen[m] += until - bar
            return Span(bar, slice(0, markets), first, until)
    return part_of_row(rule, seen, a, b, c, bar, lo)


@template
def sweep(move, rule, state, a, b, c, out):
    """Move a state on by all bars: `move(state, span, out, *rows)` for each span, with its rows of
    a, b and c."""
    span = before_first()
    while True:
        span = next_span(span, rule, state.seen, a, b, c)
        if span.bar == len(a):
            return
        at = span.bar, span.markets
        move(state, span, out, a[at], b[at], c[at])
