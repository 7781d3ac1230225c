"""plotly.js and the charts' data as text that an HTML file can carry without a network."""

import base64
import gzip
import json
from typing import Any


def packed(text: str) -> str:
    """Text compressed with gzip, in base64. The page unpacks it with `DecompressionStream`.

    The time stamp is left out, so that the same run gives the same file.
    """
    return base64.b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode()


def packed_json(value: Any) -> str:
    """A JSON value, packed.

    Raises
    ------
    ValueError   a number is NaN or infinite, which JSON does not have
    """
    return packed(json.dumps(value, allow_nan=False, separators=(",", ":")))


def plotly_script() -> str:
    """The source of plotly.js, packed: a third of its size."""
    from plotly.offline import get_plotlyjs  # slow to import, and only reports need it

    return packed(get_plotlyjs())
