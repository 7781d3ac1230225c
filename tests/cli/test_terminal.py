"""Tables that fit."""

import datetime as dt
import io

import polars as pl
import pytest

from qtg.answer import columns_of
from qtg.terminal import Column, fitting_widths, folded, lines_of, print_command, print_table

SHARES = Column("shares", ["1,234,567", "89"], right=True, short=["1.23M", "89"])
COLUMNS = [
    Column("symbol", ["AAPL", "XOM"]),
    Column("kind of firm", ["maker of telephones and tablets", "oil"], folds=True),
    SHARES,
    Column("price", ["184.50", "9.00"], right=True),
]


def text(width: int | None, keyed: bool = True, columns: list[Column] = COLUMNS) -> str:
    return "\n".join(line for line, _ in lines_of(columns, width, keyed))


def test_with_room_every_cell_is_on_one_line() -> None:
    wide = """\
symbol  kind of firm                        shares   price
------  -------------------------------  ---------  ------
AAPL    maker of telephones and tablets  1,234,567  184.50
XOM     oil                                     89    9.00"""
    assert text(None) == text(58) == text(200) == wide


def test_then_texts_fold() -> None:
    narrow = """\
symbol  kind of firm             shares   price
------  --------------------  ---------  ------
AAPL    maker of telephones   1,234,567  184.50
        and tablets
XOM     oil                          89    9.00"""
    assert text(47) == narrow


def test_headings_fold_too() -> None:
    columns = [Column("sell_order_id", ["17"], right=True), Column("maker of it", ["-"])]
    assert [line for line, _ in lines_of(columns, 13)] == [
        " sell_  maker",
        "order_  of it",
        "    id",
        "------  -----",
        "    17  -",
    ]


def test_then_numbers_take_their_short_form() -> None:
    out = text(44)
    assert "1.23M" in out
    assert "1,234,567" not in out
    assert max(map(len, out.splitlines())) <= 44


def test_then_there_are_several_tables_with_the_key_in_each() -> None:
    parted = """\
symbol  kind of firm
------  ----------------------
AAPL    maker of telephones
        and tablets
XOM     oil

symbol     shares   price
------  ---------  ------
AAPL    1,234,567  184.50
XOM            89    9.00"""
    assert text(30) == parted


@pytest.mark.parametrize(("width", "keyed"), [(30, False), (15, True)])
def test_then_a_column_per_line(width: int, keyed: bool) -> None:
    lines = text(width, keyed).splitlines()
    assert lines[0].startswith("- row 1 -")
    assert "shares        1,234,567" in lines
    assert "price         184.50" in lines


@pytest.mark.parametrize("width", range(10, 70))
@pytest.mark.parametrize("keyed", [True, False])
def test_no_number_is_ever_cut(width: int, keyed: bool) -> None:
    out = text(width, keyed).split()
    assert "184.50" in out
    assert "1,234,567" in out or "1.23M" in out
    if width >= 24:  # the longest heading, gap, the longest word
        assert max(map(len, text(width, keyed).splitlines())) <= width


def test_widths_never_exceed_what_there_is() -> None:
    for width in range(5, 70):
        widths = fitting_widths(COLUMNS, width)
        assert not widths or sum(widths) + 2 * 3 <= width


def test_letters_that_take_two_columns_are_counted_so() -> None:
    columns = [Column("名前", ["東京"]), Column("n", ["1"], right=True)]
    assert text(None, columns=columns).splitlines()[2] == "東京  1"
    assert columns[0].width() == 4


def test_a_stream_that_knows_no_lines_gets_hyphens() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    print_table(COLUMNS, "title", file=stream)
    stream.seek(0)
    assert "------" in stream.read()


def test_a_word_is_never_broken() -> None:
    assert folded("a " + "x" * 30 + " b", 10) == ["a", "  " + "x" * 30, "  b"]


def test_a_command_is_broken_with_a_backslash_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    print_command("qtg sql runs/demo", '"select 1 as one_long_name"')
    print_command("qtg presets")
    assert capsys.readouterr().out == (
        '  qtg sql runs/demo \\\n    "select 1 as one_long_name"\n  qtg presets\n'
    )


def test_values_of_every_type_are_told() -> None:
    frame = pl.DataFrame(
        {
            "time": [dt.datetime(2026, 1, 5, 14, 30), None],
            "fine": [dt.datetime(2026, 1, 5, 14, 30, 0, 250_000), None],
            "float": [float("nan"), float("inf")],
            "small": [1e-9, 2.0],
            "large": [123456789.5, -0.25],
            "flag": [True, False],
            "list": [[1, 2], []],
            "text": ["two\nlines", "\x1b[31m"],
            "none": [None, None],
        }
    )
    cells = {column.name: column.cells for column in columns_of(frame)}
    assert cells == {
        "time": ["2026-01-05 14:30:00", "null"],
        "fine": ["2026-01-05 14:30:00.250", "null"],
        "float": ["nan", "inf"],
        "small": ["1e-09", "2.0"],
        "large": ["123456789.50", "-0.25"],
        "flag": ["true", "false"],
        "list": ["[1, 2]", "[]"],
        "text": ["two\\nlines", "\\x1b[31m"],
        "none": ["null", "null"],
    }
