"""`python -m tests.fuzzing.guided tape`: damage that is chosen by the code that it reaches.

The bytes of libFuzzer decide what is drawn, so that it changes which damage is done, and not a file
that no checksum would let through. Further arguments are libFuzzer's (`-max_total_time=600`). It
needs atheris, which has wheels for Linux and is not installed with qtg.
"""

import os
import sys
import tempfile
from pathlib import Path

import numpy as np

READERS = ("qtg/frames", "qtg/tape/", "qtg/state/", "qtg/stateful", "qtg/wal/", "qtg/recovery")
ROOT = Path(__file__).parents[2]


def others() -> list[str]:
    """Modules of qtg whose code does not count: some is compiled, and must stay as it is."""
    folders = os.walk(ROOT / "qtg", followlinks=True)
    paths = (Path(folder, name) for folder, _, names in folders for name in names)
    files = (path.relative_to(ROOT).as_posix() for path in paths if path.suffix == ".py")
    names = (name.removesuffix(".py") for name in files if not name.startswith(READERS))
    return [name.removesuffix("/__init__").replace("/", ".") for name in names]


def main() -> int:
    """Runs until libFuzzer ends the process."""
    try:
        import atheris
    except ImportError:
        print("this needs atheris: pip install atheris")
        return 2
    with atheris.instrument_imports(include=["qtg"], exclude=others()):
        from .campaign import TARGETS
        from .judging import judge, watched
    name, *options = sys.argv[1:] or [""]
    if name not in TARGETS:
        print(f"give one of {', '.join(TARGETS)}")
        return 2
    target = TARGETS[name](Path(tempfile.mkdtemp()))

    def one(data: bytes) -> None:
        drawn = atheris.FuzzedDataProvider(data)
        number = drawn.ConsumeIntInRange(0, 63)
        judge(target, target.damaged(number, lambda n: drawn.ConsumeIntInRange(0, n - 1)))

    atheris.Setup([sys.argv[0], "-max_len=256", *options], one)
    with np.errstate(all="ignore"), watched():
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
