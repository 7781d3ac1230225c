"""Where peers are installed: here, or each in an environment of its own under .venv/peers."""

import importlib.util
import subprocess
import sys
import venv
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
    folder = HOME / peer.name
    try:
        venv.create(folder, with_pip=True, clear=True)
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


def _python(peer: Peer) -> Path:
    if sys.platform == "win32":
        return HOME / peer.name / "Scripts" / "python.exe"
    return HOME / peer.name / "bin" / "python"
