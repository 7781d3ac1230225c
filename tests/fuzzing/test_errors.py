"""What was read of a file and stands in a message is one line, and not endless."""

import doctest
import json

import qtg.errors
from qtg.errors import one_line


def test_what_is_printable_stays_as_it_is() -> None:
    assert one_line("from 3 to é") == "from 3 to é"
    assert one_line(12) == "12"
    assert doctest.testmod(qtg.errors).failed == 0


def test_anything_is_one_line() -> None:
    for value in ("a\nb", "\x1b[2J", "\ud800", "\u2028", {"\n": "\r"}, "x" * 10**6, 10**5_000):
        text = one_line(value)
        assert text.isprintable()
        assert 0 < len(text) <= 203
    assert one_line("\n" * 1_000) == "\\n" * 100 + "..."
    deep = json.loads("[" * 900 + "]" * 900)
    assert one_line(deep).isprintable()
