"""Quant Trading Gym: a financial market that reacts, in columns.

    import qtg
    run = qtg.simulate(qtg.Config.preset("standard", seed=7))
    run.trades, run.sql("select symbol, sum(qty) from trades group by 1"), run.report("report.html")

Names are loaded when first used, so that `import qtg` stays cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .registration import register_when_imported

__version__ = "0.1.0"

if TYPE_CHECKING:
    from qtg.schemas import (
        ExecInst,
        ExecType,
        LifecycleEvent,
        Matching,
        MsgType,
        OrdStatus,
        OrdType,
        Reason,
        Regime,
        Sector,
        SelfTradePrevention,
        Side,
        TimeInForce,
    )

    from . import quant
    from .agents.agent_context import AgentContext
    from .agents.compiled import compiled_strategy
    from .agents.context import StrategyContext
    from .agents.need import Need
    from .agents.parameters import Param
    from .agents.registry import kinds, strategy
    from .agents.simple import Strategy
    from .analytics.rebuild import rebuild_from_trades
    from .bridge import Bridge
    from .calibration import Calibration, calibrate
    from .comparison import Comparison, compare
    from .config import Config, Population, SymbolConfig
    from .errors import (
        BridgeDead,
        BridgeError,
        BridgeFull,
        BridgeStopped,
        BridgeTimeout,
        CacheWarning,
        CapacityError,
        ConfigError,
        ContractMismatch,
        CorruptData,
        InvariantError,
        LifecycleError,
        ModelError,
        OrderError,
        QtgError,
        ReplayError,
        SnapshotError,
        StorageError,
        StorageWarning,
        StrategyError,
        StrategyWarning,
        SweepError,
        TapeError,
    )
    from .lifecycle import OrderLog, lifecycle_violations, next_status, order_states
    from .recovery import recover
    from .replay import replay_l3
    from .result import Result, open_run
    from .run import simulate
    from .simulation import Simulation
    from .state import Snapshot
    from .stylized import Scorecard, realism
    from .sweeps import Sweep, open_sweep, sweep
    from .tape import TapeReader, TapeWriter, replay_tape
    from .venue import Venue

_HOMES = {
    "agents.agent_context": ("AgentContext",),
    "agents.compiled": ("compiled_strategy",),
    "agents.context": ("StrategyContext",),
    "agents.need": ("Need",),
    "agents.parameters": ("Param",),
    "agents.registry": ("kinds", "strategy"),
    "agents.simple": ("Strategy",),
    "analytics.rebuild": ("rebuild_from_trades",),
    "bridge": ("Bridge",),
    "calibration": ("Calibration", "calibrate"),
    "comparison": ("Comparison", "compare"),
    "config": ("Config", "Population", "SymbolConfig"),
    "lifecycle": ("OrderLog", "lifecycle_violations", "next_status", "order_states"),
    "errors": (
        "BridgeDead",
        "BridgeError",
        "BridgeFull",
        "BridgeStopped",
        "BridgeTimeout",
        "CacheWarning",
        "CapacityError",
        "ConfigError",
        "ContractMismatch",
        "CorruptData",
        "InvariantError",
        "LifecycleError",
        "ModelError",
        "OrderError",
        "QtgError",
        "ReplayError",
        "SnapshotError",
        "StorageError",
        "StorageWarning",
        "StrategyError",
        "StrategyWarning",
        "SweepError",
        "TapeError",
    ),
    "recovery": ("recover",),
    "replay": ("replay_l3",),
    "result": ("Result", "open_run"),
    "run": ("simulate",),
    "schemas": (
        "ExecInst",
        "ExecType",
        "LifecycleEvent",
        "Matching",
        "MsgType",
        "OrdStatus",
        "OrdType",
        "Reason",
        "Regime",
        "Sector",
        "SelfTradePrevention",
        "Side",
        "TimeInForce",
    ),
    "simulation": ("Simulation",),
    "state": ("Snapshot",),
    "stylized": ("Scorecard", "realism"),
    "sweeps": ("Sweep", "open_sweep", "sweep"),
    "tape": ("TapeReader", "TapeWriter", "replay_tape"),
    "venue": ("Venue",),
}
_ROOMS = ("gym", "models", "quant", "training")  # packages that are a public name themselves
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AgentContext",
    "Bridge",
    "BridgeDead",
    "BridgeError",
    "BridgeFull",
    "BridgeStopped",
    "BridgeTimeout",
    "CacheWarning",
    "Calibration",
    "CapacityError",
    "Comparison",
    "Config",
    "ConfigError",
    "ContractMismatch",
    "CorruptData",
    "ExecInst",
    "ExecType",
    "InvariantError",
    "LifecycleError",
    "LifecycleEvent",
    "Matching",
    "ModelError",
    "MsgType",
    "Need",
    "OrdStatus",
    "OrdType",
    "OrderError",
    "OrderLog",
    "Param",
    "Population",
    "QtgError",
    "Reason",
    "Regime",
    "ReplayError",
    "Result",
    "Scorecard",
    "Sector",
    "SelfTradePrevention",
    "Side",
    "Simulation",
    "Snapshot",
    "SnapshotError",
    "StorageError",
    "StorageWarning",
    "Strategy",
    "StrategyContext",
    "StrategyError",
    "StrategyWarning",
    "Sweep",
    "SweepError",
    "SymbolConfig",
    "TapeError",
    "TapeReader",
    "TapeWriter",
    "TimeInForce",
    "Venue",
    "calibrate",
    "compare",
    "compiled_strategy",
    "kinds",
    "lifecycle_violations",
    "next_status",
    "open_run",
    "open_sweep",
    "order_states",
    "quant",
    "realism",
    "rebuild_from_trades",
    "recover",
    "replay_l3",
    "replay_tape",
    "simulate",
    "strategy",
    "sweep",
]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"qtg.{name}")
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'qtg' has no attribute {name!r}")
    value = getattr(import_module(f"qtg.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


register_when_imported()
