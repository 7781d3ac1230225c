"""Logs: one JSON object per line, with the standard library's logging.

The library only asks for loggers below "qtg" and never adds a handler; `log_to` does, for whoever
runs it. A message may carry `extra={"fields": {...}}`.
"""

import json
import logging
import math
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from qtg.errors import ConfigError

if TYPE_CHECKING:
    from qtg.simulation import Simulation

KEYS = {
    "time": "when, UTC, to the microsecond (RFC 3339)",
    "level": "debug, info, warning, error or critical",
    "logger": "which part of qtg says it, such as qtg.run",
    "message": "what happened, in words that do not change from run to run",
    "run": "name of the run directory, else of the configuration; null outside of a run",
    "tick": "tick of the run; null outside of a run",
    "fields": "the message's own figures, by name",
    "error": "only where an exception is reported: its type, message and traceback",
}
LEVELS = ("debug", "info", "warning", "error")


class _Running(NamedTuple):
    name: str
    sim: "Simulation"


_RUNNING: ContextVar[_Running | None] = ContextVar("qtg_running", default=None)


@contextmanager
def run_context(name: str, sim: "Simulation") -> Iterator[None]:
    """Messages of this thread carry the name of a run and its tick."""
    token = _RUNNING.set(_Running(name, sim))
    try:
        yield
    finally:
        _RUNNING.reset(token)


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON with the keys `KEYS`.

    Examples
    --------
    >>> record = logging.makeLogRecord({"name": "qtg.run", "msg": "halted", "levelno": 20})
    >>> record.created, record.levelname, record.fields = 0.0, "INFO", {"markets": 2}
    >>> print(JsonFormatter().format(record))  # doctest: +NORMALIZE_WHITESPACE
    {"time": "1970-01-01T00:00:00.000000Z", "level": "info", "logger": "qtg.run",
     "message": "halted", "run": null, "tick": null, "fields": {"markets": 2}}
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        running = _RUNNING.get()
        when = datetime.fromtimestamp(record.created, UTC)
        line = {
            "time": when.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "run": getattr(record, "run", running.name if running else None),
            "tick": getattr(record, "tick", running.sim.tick if running else None),
            "fields": getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            kind, error, trace = record.exc_info
            line["error"] = {
                "type": kind.__name__ if kind else "",
                "message": str(error),
                "traceback": "".join(traceback.format_exception(kind, error, trace)),
            }
        return json.dumps(plain(line), allow_nan=False)


def plain(value: Any) -> Any:
    """A value as JSON has it: NumPy's become lists and numbers, what is not finite null."""
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return str(value)


@contextmanager
def log_to(target: str | Path, level: str = "info") -> Iterator[logging.Handler]:
    """Write the logs of qtg as JSON lines until the block ends.

    Parameters
    ----------
    target : path or "-"    a file, appended to; "-" is stderr
    level : str             least level that is written: "debug", "info", "warning", "error"

    Raises
    ------
    ConfigError    no such level, or the file cannot be opened
    """
    if level not in LEVELS:
        raise ConfigError(f"no log level {level!r}; levels are {', '.join(LEVELS)}")
    handler = _handler(target)
    handler.setFormatter(JsonFormatter())
    handler.setLevel(level.upper())
    logger = logging.getLogger("qtg")
    earlier = logger.level
    logger.setLevel(min(handler.level, earlier or logging.WARNING))
    logger.addHandler(handler)
    try:
        yield handler
    finally:
        logger.removeHandler(handler)
        logger.setLevel(earlier)
        handler.close()


def _handler(target: str | Path) -> logging.Handler:
    if str(target) == "-":
        return logging.StreamHandler(sys.stderr)
    try:
        return _LogFile(target, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"logs cannot be written to {target}: {error.strerror}; choose another file"
        ) from None


class _LogFile(logging.FileHandler):
    """A log file that may fail without ending the run: stderr is told once."""

    _told = False

    def close(self) -> None:
        """End it; what could not be written by now is lost."""
        with suppress(OSError):
            super().close()

    def handleError(self, record: logging.LogRecord) -> None:
        """Called by `emit` with the error at hand."""
        if not self._told:
            self._told = True
            print(
                f"qtg: logs are lost: {self.baseFilename}: {sys.exc_info()[1]}",
                file=sys.stderr,
            )
