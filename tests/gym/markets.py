"""Markets that tests of several rooms use."""

from typing import Any

# Two symbols whose indicators, news and prices change in a few ticks.
TWO: dict[str, Any] = {
    "symbols": [
        {"symbol": "AAPL", "sector": "tech", "initial_price": "185.00"},
        {"symbol": "XOM", "sector": "energy", "initial_price": "105.00"},
    ],
    "bar_ticks": 2,
    "news.enabled": True,
    "news.company.frequency": 0.05,
}
