"""Takes a report apart again."""

import base64
import gzip
import json
import re
from typing import Any


def packed_part(html: str, name: str) -> str:
    """The unpacked text of a packed script element."""
    found = re.search(rf'<script type="text/plain" id="{name}">([^<]*)</script>', html)
    assert found is not None, f"no element {name}"
    return gzip.decompress(base64.b64decode(found[1])).decode()


def payload(html: str) -> dict[str, Any]:
    """What the page's script draws."""
    return json.loads(packed_part(html, "report-data"))


def page_without_packed_parts(html: str) -> str:
    """The HTML as a person reads it."""
    return re.sub(r'(<script type="text/plain"[^>]*>)[^<]*', r"\1", html)


def view(html: str, chart: str, symbol: str = "", name: str | None = None) -> dict[str, Any]:
    """One figure of a chart; its first view unless named."""
    views = payload(html)["charts"][chart]["views"]
    return views[name or next(iter(views))][symbol]


def trace(figure: dict[str, Any], name: str) -> dict[str, Any]:
    """The trace with this name."""
    (found,) = [t for t in figure["data"] if t["name"] == name and t.get("showlegend", True)]
    return found


def cells(html: str, symbol: str) -> list[str]:
    """The text of a summary row's cells."""
    row = re.search(rf'data-symbol="{re.escape(symbol)}">(.*?)</tr>', html)
    assert row is not None, f"no row for {symbol}"
    return [re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<td>(.*?)</td>", row[1])]
