"""One engine in a process of its own: `python -m benchmarks.peers.worker ENGINE COLUMNS.npz`.

Reads `once` and `answer` from stdin, one a line, and answers each with a line of JSON.
"""

import gc
import json
import os
import sys
from importlib.metadata import version

import numpy as np

from .catalog import find_engine
from .engine import COLUMNS, Engine


def main() -> None:
    """Serve until stdin ends. What a peer prints goes to stderr."""
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    try:
        name, path = sys.argv[1:]
        peer, engine_class = find_engine(name)
        with np.load(path) as columns:
            engine = engine_class({key: columns[key] for key in COLUMNS})
        gc.collect()
        gc.disable()
        print(json.dumps({"version": version(peer.distribution)}), file=replies)
        for line in sys.stdin:
            print(json.dumps(_reply(engine, line.strip())), file=replies)
    except Exception as error:
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), file=replies)


def _reply(engine: Engine, request: str) -> object:
    if request == "once":
        seconds = engine.once()
        gc.collect()
        return seconds
    return engine.answer()


if __name__ == "__main__":
    main()
