"""How a command ends when something goes wrong: one line on stderr and an exit code."""

import os
import sys
import warnings
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TextIO

from ..errors import CacheWarning, ConfigError, QtgError, StorageWarning, StrategyWarning
from .app import app

_INTERRUPTED = 130  # how typer leaves after Ctrl-C, as shells do
_STOPPED = "interrupted; what was committed so far stays readable"


def main(arguments: list[str] | None = None) -> Any:
    """Entry point of the `qtg` command."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn
            with _logs():
                try:
                    app(arguments, standalone_mode=True)
                finally:
                    sys.stdout.flush()
    except ConfigError as error:
        _complain(error, 2)
    except QtgError as error:
        _complain(error, 1)
    except KeyboardInterrupt:
        _complain(_STOPPED, _INTERRUPTED)
    except SystemExit as leaving:
        if leaving.code != _INTERRUPTED:
            raise
        _complain(_STOPPED, _INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has gone, as with `| head`
        _drop_output()
        sys.exit(1)
    except OSError as error:
        _drop_output()
        what = error.filename or "the answer cannot be written"
        _complain(f"{what}: {error.strerror or error}", 1)


def _drop_output() -> None:
    """Let go of what waits in a stream that takes nothing more, or leaving would try again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _logs() -> AbstractContextManager[object]:
    """Logs of any command, as the environment asks for them."""
    target = os.environ.get("QTG_LOG")
    if not target:
        return nullcontext()
    from ..monitor import log_to

    return log_to(target, os.environ.get("QTG_LOG_LEVEL", "info"))


def _complain(problem: object, code: int) -> None:
    print(f"qtg: {problem}", file=sys.stderr)
    sys.exit(code)


_show_other = warnings.showwarning


def _warn(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    if issubclass(category, (CacheWarning, StorageWarning, StrategyWarning)):
        print(f"qtg: {message}", file=sys.stderr)
    else:
        _show_other(message, category, filename, lineno, file, line)
