"""Where peers are installed: here, or each in an environment of its own under .venv/peers."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

from .catalog import Peer
from .process import ROOT

HOME = ROOT / ".venv" / "peers"


def python_for(peer: Peer) -> Path | None:
    """The interpreter that has the peer, its own environment first; None if there is none."""
    own = _python(peer)
    if own.exists():
        return own
    return Path(sys.executable) if importlib.util.find_spec(peer.imports) else None


def install(peer: Peer) -> str:
    """Make the peer's environment; empty if that went well, else pip's last words."""
    folder, base = HOME / peer.name, _base(peer)
    if base is None:
        return (
            f"it needs Python {'.'.join(map(str, peer.python))} or later, which is not found here"
        )
    try:
        make = [str(base), "-m", "venv", "--clear", str(folder)]
        subprocess.run(make, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no environment in {folder}: {error}"
    done = subprocess.run(
        [str(_python(peer)), "-m", "pip", "install", "--quiet", *peer.requirements],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return ""
    _python(peer).unlink()  # half an environment must not be taken for one
    lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    return (lines or done.stderr.splitlines() or ["pip failed"])[-1]


def _base(peer: Peer) -> Path | None:
    """An interpreter that is new enough for the peer: this one, or another on the path, or beside
    the one that this one's environment was made of."""
    beside = sorted(Path(sys.base_prefix).parent.glob("*/bin/python3"))
    names = [f"python3.{minor}" for minor in range(peer.python[1], 20)]
    found = [Path(each) for name in names if (each := shutil.which(name))]
    for python in (Path(sys.executable), *found, *beside):
        asked = [str(python), "-c", f"import sys; sys.exit(sys.version_info < {peer.python})"]
        if subprocess.run(asked, capture_output=True, check=False).returncode == 0:
            return python
    return None


def _python(peer: Peer) -> Path:
    if sys.platform == "win32":
        return HOME / peer.name / "Scripts" / "python.exe"
    return HOME / peer.name / "bin" / "python"
