"""Small markets for tests."""

from collections.abc import Iterable
from typing import Any

import numpy as np

import qtg
from qtg.schemas import Events, MsgType, Orders
from qtg.simulation import Simulation
from tests.reference.columns import as_columns, as_dicts
from tests.reference.rules import Message

SYMBOL = {"symbol": "A", "initial_price": "100.00", "shares_outstanding": 100_000}
# Accounts that send nothing by themselves, so that a test can trade through them.
IDLE = {"kind": "noise_trader", "count": 4, "probability": 0.0, "cash": 10_000, "shares": 100}
FIRST = 2  # agent row of the first of them
PRICE = 1_000_000  # the initial price in units of 1e-4
STEP = 100
_RICH = {"count": 2, "cash": 200_000, "shares": 300}
# Every other kind of tier 1, with windows that fill in a few ticks, and every way to execute.
TRADERS: list[dict[str, Any]] = [
    {**_RICH, "kind": kind, **more}
    for kind, more in (
        ("avellaneda_stoikov", {"params": {"window": 5}}),
        ("rsi_momentum", {"params": {"window": 4, "oversold": 40, "overbought": 60}}),
        ("trend_follower", {"params": {"fast": 2, "slow": 5}, "execution": {"style": "pov"}}),
        ("macd_crossover", {"params": {"fast": 2, "slow": 4, "signal": 2}}),
        ("bollinger_reversion", {"params": {"window": 6, "width": 1}}),
        ("pairs_trading", {"params": {"window": 8, "enter": 1}}),
        ("factor_long_short", {"every": 5, "params": {"share": 0.5, "momentum_window": 5}}),
        ("news_trader", {"params": {"threshold": 0.05, "holding": 10}}),
        ("vwap_executor", {"params": {"size": 150, "start": 5}}),
    )
]
TRADERS[3]["execution"] = {"style": "twap", "ticks": 5}
TRADERS[6]["execution"] = {"style": "vwap", "ticks": 5}
SLEEPERS: list[dict[str, Any]] = [
    {**_RICH, "kind": "sector_rotator", "params": {"interval": 10, "drift": 0.01}},
    {
        **_RICH,
        "kind": "threshold_buyer",
        "count": 10,
        "watches": 2,
        "params": {"threshold": 0.0003, "interval": 5, "take_profit": 0.0003},
    },
]


def quiet(changes: dict[str, Any] | None = None, /, **fields: Any) -> qtg.Config:
    """One stock, four accounts that do nothing, no latency and no warm-up."""
    config = qtg.Config(
        symbols=[SYMBOL],
        smart=[IDLE],
        latency={"enabled": False},
        warmup={"ticks": 0},
        fair_value={"process": "constant"},
        venue={"matching": "price_time"},
        check_every=1,
        on_violation="stop",
    )
    return config.with_(changes or {}, **fields)


def lively(changes: dict[str, Any] | None = None, /, **fields: Any) -> qtg.Config:
    """Two stocks, a few agents of every kind, a pool, latency; 60 ticks after 10 of warm-up."""
    config = qtg.Config.preset("quick_test", ticks=60, seed=7)
    base = {
        "warmup.ticks": 10,
        "latency.enabled": True,
        "background.count": 300,
        "check_every": 1,
        "on_violation": "stop",
        "venue.protection_bps": 100,
        "storage.candles": ["10s", "30s"],
        "storage.agents_every": 20,
        "bar_ticks": 1,
        "smart": [*plain(config.smart), *TRADERS],
        "reactive": [*plain(config.reactive), *SLEEPERS],
    }
    return config.with_({**base, **(changes or {})}, **fields)


def plain(populations: Iterable[qtg.Population]) -> list[dict[str, Any]]:
    """Populations as settings."""
    return [each.model_dump(mode="json", exclude_none=True) for each in populations]


def start(config: qtg.Config, **options: Any) -> Simulation:
    """A simulation of `config`."""
    return Simulation(config, **options)


def tick(sim: Simulation, *messages: Message) -> list[dict[str, int]]:
    """Send messages, advance one tick; the events of that tick."""
    if messages:
        sim.submit(as_columns(messages))
    sim.step()
    return events_of(sim)


def events_of(sim: Simulation, first: int = 0, end: int | None = None) -> list[dict[str, int]]:
    """Events of the last tick."""
    exchange = sim.exchange
    last = exchange.n_events if end is None else end
    return as_dicts(Events(*(column[first:last] for column in exchange.events)))


def messages_of(orders: Orders | np.recarray, n: int) -> list[Message]:
    """The first `n` order rows as messages, as they were sent: a new order has no id yet."""
    named = {name: getattr(orders, name)[:n].tolist() for name in Message._fields}
    messages = [Message(*row) for row in zip(*named.values(), strict=True)]
    return [m._replace(order_id=0) if m.msg_type == MsgType.NEW else m for m in messages]


def reasons(events: Iterable[dict[str, int]]) -> list[int]:
    """Reasons of those events that have one."""
    return [event["reason"] for event in events if event["reason"]]
