"""The declarations of stored tables, their Arrow form, and the data dictionary."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import qtg.schemas
from qtg.schemas import STORED, OrderEvents, Quotes, Reason, Trades, allocate, columns
from qtg.schemas.arrow import arrow_schema, enum_of, table_to_arrow
from qtg.schemas.dictionary import UNITS, render

from .tables import KINDS, SYMBOLS, counted_trades, random_table

PLAIN_UNITS = {"count", "seconds"}


@pytest.mark.parametrize("name", STORED)
def test_stored_columns_are_signed_numbers_with_a_documented_unit(name: str) -> None:
    for column in columns(STORED[name]):
        assert column.dtype.kind in "if", column.name
        assert column.unit in UNITS or column.unit in PLAIN_UNITS or enum_of(column.unit)
        assert column.doc


def test_the_data_dictionary_is_in_step_with_the_declarations() -> None:
    page = Path(__file__).parents[2] / "docs" / "data-dictionary.md"
    assert page.read_text(encoding="utf-8") == render(), "run `make docs`"


def test_the_data_dictionary_names_every_stored_column_and_reason() -> None:
    page = render()
    for table in STORED.values():
        for column in columns(table):
            assert f"| `{column.name}` | {column.dtype} | `{column.unit}` | {column.doc} |" in page
    for reason in Reason:
        assert f"| {int(reason)} | `{reason.name}` |" in page
    assert "| 1 | `IOC` | immediate or cancel:" in page


def test_the_data_dictionary_has_every_table_that_schemas_exports() -> None:
    page = render()
    for name, table in vars(qtg.schemas).items():
        if hasattr(table, "_fields") and name not in ("Book", "Column", "Ledger"):
            stored = [key for key, each in STORED.items() if each is table]
            assert f"### `{stored[0] if stored else name}`" in page


def test_arrow_schema_carries_types_and_units() -> None:
    schema = arrow_schema(Trades, {"qtg.seed": "7"})
    assert schema.field("symbol").type == pa.dictionary(pa.int32(), pa.string())
    assert schema.field("side").type == pa.dictionary(pa.int8(), pa.string())
    assert schema.field("time").type == pa.timestamp("ns")
    assert schema.field("price").type == pa.int64()
    assert schema.field("price").metadata == {b"unit": b"price"}
    assert schema.metadata == {b"qtg.seed": b"7"}


def test_codes_become_names_also_where_they_are_sparse_or_negative() -> None:
    rows = allocate(OrderEvents, 4)
    rows.side[:] = [1, -1, 1, -1]
    rows.reason[:] = [Reason.NONE, Reason.OFF_TICK, Reason.LIFETIME_OVER, Reason.UNKNOWN_ORDER]
    rows.symbol[:] = [2, 0, 1, 2]
    table = table_to_arrow(rows, SYMBOLS, KINDS)
    assert table["side"].to_pylist() == ["buy", "sell", "buy", "sell"]
    assert table["reason"].to_pylist() == ["none", "off_tick", "lifetime_over", "unknown_order"]
    assert table["symbol"].to_pylist() == ["O'NEIL", "AAPL", "MSFT", "O'NEIL"]


def test_numbers_and_symbol_codes_share_memory_with_the_columns() -> None:
    rows = counted_trades(0, 100)
    table = table_to_arrow(rows, SYMBOLS)
    price = table["price"].chunk(0).buffers()[1]
    symbol = table["symbol"].chunk(0).indices.buffers()[1]
    assert price.address == rows.price.ctypes.data
    assert symbol.address == rows.symbol.ctypes.data


@pytest.mark.parametrize(("column", "code"), [("side", 0), ("symbol", 3), ("symbol", -1)])
def test_a_code_without_a_name_is_refused_with_its_place(column: str, code: int) -> None:
    rows = counted_trades(0, 10)
    getattr(rows, column)[6] = code
    with pytest.raises(ValueError, match=f"column {column}, row 6: {code} is no"):
        table_to_arrow(rows, SYMBOLS)


def test_every_enum_member_survives() -> None:
    rows = random_table(OrderEvents, len(Reason))
    rows.reason[:] = np.array(list(Reason), np.int8)
    names = table_to_arrow(rows, SYMBOLS, KINDS)["reason"].to_pylist()
    assert names == [reason.name.lower() for reason in Reason]


def test_empty_tables_convert() -> None:
    assert table_to_arrow(allocate(Quotes, 0), SYMBOLS).num_rows == 0
