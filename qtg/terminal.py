"""Text that fits: tables, sentences and commands for the width there is.

A number is never cut, a command never broken where it could not be copied. Where no terminal is
asked for its width (output goes to a file or a pipe), every line is as long as it needs to be.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from textwrap import wrap
from typing import IO

GAP = "  "
_INDENT = "  "
_TEXT = 20  # a text is not squeezed further, or it would stand a word to the line


@dataclass(frozen=True)
class Column:
    """A column of a table, as text.

    Parameters
    ----------
    name : str
    cells : str per row
    right : bool     align right, as numbers are
    folds : bool     text that may go on in the next line, at a space
    short : str per row, optional    what to show where the cells are too wide
    """

    name: str
    cells: Sequence[str]
    right: bool = False
    folds: bool = False
    short: Sequence[str] = ()

    def width(self) -> int:
        """What it needs without any line break."""
        return max(_width(text) for text in (self.name, *self.cells))

    def narrowest(self) -> int:
        """What it needs at least: the heading may fold, and the cells if they are text."""
        if not self.folds:
            return max(_width(text) for text in (*_words(self.name), *self.cells))
        longest = max(_width(word) for text in (self.name, *self.cells) for word in _words(text))
        return max(longest, min(self.width(), _TEXT))

    def shortened(self) -> "Column":
        """The same with its short cells."""
        return Column(self.name, self.short or self.cells, self.right, self.folds)


def width_of(file: IO[str]) -> int | None:
    """Columns of the terminal, or what `COLUMNS` says; None if a line may have any length."""
    if not file.isatty() and not os.environ.get("COLUMNS", "").isdigit():
        return None
    from rich.console import Console

    return Console(file=file).width


def print_table(
    columns: Sequence[Column], title: str = "", keyed: bool = True, file: IO[str] | None = None
) -> None:
    """Print a table in the form that fits.

    Parameters
    ----------
    columns : of equal length
    title : str      a line above
    keyed : bool     the first column names the row, so that the table can be parted into several
    file : stream    stdout by default
    """
    out = file or sys.stdout
    if title:
        _print_bold(title, out)
    for text, is_heading in lines_of(columns, width_of(out), keyed, _rule(out)):
        if is_heading:
            _print_bold(text, out)
        else:
            print(text, file=out)


def lines_of(
    columns: Sequence[Column], width: int | None, keyed: bool = True, rule: str = "-"
) -> Iterator[tuple[str, bool]]:
    """The lines of a table and whether each is a heading.

    In this order, the first that fits: every cell on one line; headings and texts folded; short
    forms of numbers; several tables that repeat the first column; a column per line.
    """
    for form in (columns, [column.shortened() for column in columns]):
        widths = fitting_widths(form, width)
        if widths:
            yield from _table(form, widths, rule)
            return
    groups = _groups(columns, width or 0) if keyed else []
    if not groups:
        yield from _records(columns, width or 0, rule)
    for i, group in enumerate(groups):
        if i:
            yield "", False
        yield from _table(group, fitting_widths(group, width), rule)


def fitting_widths(columns: Sequence[Column], width: int | None) -> list[int]:
    """A width for each column, such that no word or number is cut; empty if there are none."""
    wanted = [column.width() for column in columns]
    room = None if width is None else width - len(GAP) * (len(columns) - 1)
    if room is None or sum(wanted) <= room:
        return wanted
    widths = [column.narrowest() for column in columns]
    if sum(widths) > room:
        return []
    while sum(widths) < room and widths != wanted:
        # A column more to the one that lacks most.
        neediest = max(range(len(widths)), key=lambda i: wanted[i] - widths[i])
        widths[neediest] += 1
    return widths


def print_text(text: str, file: IO[str] | None = None) -> None:
    """Print a line, folded at spaces where it is too long; what follows is indented."""
    out = file or sys.stdout
    for line in folded(text, width_of(out)):
        print(line, file=out)


def folded(text: str, width: int | None) -> list[str]:
    """A text in lines of at most `width`, unless a word is longer.

    >>> folded("tick p50 2.70 ms, p99 14.79 ms", 20)
    ['tick p50 2.70 ms,', '  p99 14.79 ms']
    """
    if width is None or _width(text) <= width:
        return [text]
    return wrap(
        text,
        width,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )


def rounded(count: int) -> str:
    """A count in three digits.

    >>> rounded(1_188_175), rounded(12_345), rounded(999_999), rounded(305)
    ('1.19M', '12.3k', '1.00M', '305')
    """
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= 0.9995 * size:
            decimals = 2 - (count >= 9.995 * size) - (count >= 99.95 * size)
            return f"{count / size:.{decimals}f}{letter}"
    return str(count)


def print_command(*words: str, file: IO[str] | None = None) -> None:
    """Print a shell command to copy: on one line, or with a backslash after the first words.

    Parameters
    ----------
    words : str    parts between which the line may be broken
    """
    out = file or sys.stdout
    width = width_of(out)
    line = _INDENT + " ".join(words)
    if width is not None and _width(line) > width:
        line = _INDENT + f" \\\n{_INDENT * 2}".join(words)
    print(line, file=out)


def _groups(columns: Sequence[Column], width: int) -> list[list[Column]]:
    """Tables that fit, each with the first column; nothing if one of them cannot."""
    key, *others = columns
    groups = [[key]]
    for column in others:
        if len(groups[-1]) > 1 and not fitting_widths([*groups[-1], column], width):
            groups.append([key])
        groups[-1].append(column)
    return groups if all(fitting_widths(group, width) for group in groups) else []


def _table(
    columns: Sequence[Column], widths: Sequence[int], rule: str
) -> Iterator[tuple[str, bool]]:
    names = [_fold(column.name, width) for column, width in zip(columns, widths)]
    for line in _stacked(names, columns, widths):
        yield line, True
    yield GAP.join(rule * width for width in widths), False
    for row in zip(*(column.cells for column in columns)):
        cells = [
            _fold(cell, width) if column.folds else [cell]
            for column, cell, width in zip(columns, row, widths)
        ]
        for line in _stacked(cells, columns, widths):
            yield line, False


def _stacked(
    cells: Sequence[list[str]], columns: Sequence[Column], widths: Sequence[int]
) -> Iterator[str]:
    """The lines of one row of cells, some of which have several."""
    for texts in zip_longest(*cells, fillvalue=""):
        placed = (
            _pad(text, width, column.right) for text, column, width in zip(texts, columns, widths)
        )
        yield GAP.join(placed).rstrip()


def _records(columns: Sequence[Column], width: int, rule: str) -> Iterator[tuple[str, bool]]:
    """A column per line, a paragraph per row."""
    longest = max(_width(column.name) for column in columns)
    for number, row in enumerate(zip(*(column.cells for column in columns)), 1):
        yield f"{rule} row {number} ".ljust(min(width, 30), rule), True
        for column, cell in zip(columns, row):
            room = max(width - longest - len(GAP), 1)
            first, *more = _fold(cell, room) if column.folds else [cell]
            yield f"{_pad(column.name, longest)}{GAP}{first}".rstrip(), False
            for text in more:
                yield f"{' ' * longest}{GAP}{text}", False


def _fold(text: str, width: int) -> list[str]:
    """A text in lines; long words stay whole."""
    if _width(text) <= width:
        return [text]
    lines = [""]
    for word in _words(text):
        last = lines[-1]
        longer = f"{last} {word}" if last and not last.endswith("_") else last + word
        if last and _width(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _words(text: str) -> list[str]:
    """Where a text may be folded: at spaces, and after an underscore.

    >>> _words("buy_order_id of")
    ['buy_', 'order_', 'id', 'of']
    """
    return text.replace("_", "_ ").split() or [""]


def _pad(text: str, width: int, right: bool = False) -> str:
    space = " " * max(width - _width(text), 0)
    return space + text if right else text + space


def _width(text: str) -> int:
    """Columns on a terminal, where some letters take two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _rule(file: IO[str]) -> str:
    try:
        "─".encode(getattr(file, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return "-"
    return "─"


def _print_bold(text: str, file: IO[str]) -> None:
    if not file.isatty():
        print(text, file=file)
        return
    from rich.console import Console
    from rich.text import Text

    Console(file=file).print(Text(text, style="bold"), soft_wrap=True)
