"""What an operator sees of a run: logs, metrics, a live terminal.

    logs        one JSON object per line, with the standard library's logging
    monitor     `Monitor`: follows a run, counts, and tells what it knows once a second
    latencies   HDR histograms of tick phases and venue operations
    timing      times the operations of a venue
    process     memory and processor time of this process
    metrics     every metric: name, type, unit, what it says
    prometheus  the metrics as Prometheus text, over HTTP or in a file
    status      status.json of a run directory; the same from the tables of a run
    lines       `qtg top --once`: one snapshot as plain text
    top         `qtg top`: a live terminal

Names are loaded when first used. Logs need nothing; the rest needs the extra `qtg[monitor]`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .logs import JsonFormatter, log_to
    from .monitor import Monitor, Monitoring
    from .prometheus import serve
    from .status import read_status
    from .timing import time_venue

_HOMES = {
    "logs": ("JsonFormatter", "log_to"),
    "monitor": ("Monitor", "Monitoring"),
    "prometheus": ("serve",),
    "status": ("read_status",),
    "timing": ("time_venue",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "JsonFormatter",
    "Monitor",
    "Monitoring",
    "log_to",
    "read_status",
    "serve",
    "time_venue",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'qtg.monitor' has no attribute {name!r}")
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value
