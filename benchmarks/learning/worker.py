"""One side in a process of its own: `python -m benchmarks.learning.worker SIDE ENVS`.

Reads `once`, `turn` or `orders` from stdin, one a line, and answers each with a line of JSON.
"""

import gc
import json
import os
import sys
from importlib.metadata import version

from .sides import SIDES, load


def main() -> None:
    """Serve until stdin ends. What a peer prints goes to stderr."""
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    try:
        name, envs = sys.argv[1:]
        side = load(name)(int(envs))
        gc.collect()
        gc.disable()
        print(json.dumps({"version": version(SIDES[name].peer.distribution)}), file=replies)
        for line in sys.stdin:
            wanted = getattr(side, line.strip())
            print(json.dumps(wanted() if callable(wanted) else wanted), file=replies)
            gc.collect()
    except Exception as error:
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), file=replies)


if __name__ == "__main__":
    main()
