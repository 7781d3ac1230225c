"""The queries in the guide work."""

import re
from pathlib import Path

import pytest

from qtg.result import Result, result_of
from qtg.schemas import STORED
from qtg.store import MemorySink

from .tables import RUN, counted_trades, random_table

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "query.md"
QUERIES = re.findall(r"^```sql\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.M | re.S)


@pytest.fixture(scope="module")
def run() -> Result:
    sink = MemorySink(**RUN)
    for name, table in STORED.items():
        rows = counted_trades(0, 200) if name == "trades" else random_table(table, 200)
        if name == "agents":
            rows.agent[:] = range(200)
            rows.tick[:] = 1
        sink.table(table).extend(rows)
    sink.close(trace_hash="ab", ticks=1)
    return result_of(sink)


@pytest.mark.parametrize("query", QUERIES, ids=[query.split("\n")[0][:40] for query in QUERIES])
def test_a_query_of_the_guide_answers(query: str, run: Result) -> None:
    assert run.sql(query).height > 0


def test_the_guide_has_queries() -> None:
    assert len(QUERIES) >= 6
