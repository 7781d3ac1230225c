"""What the guides and the README tell people to type works, and prints what they say.

`python` blocks of a page run one after the other, as one program; `bash` blocks run in a shell. A
block whose first line is `# name.py` or `# name.toml` is written to that file first. A `text` block
is what the block before it prints. `sh` blocks (installing, `make`) are not run here.
"""

import os
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from qtg.agents import registry

from .guides import ROOT, Block, blocks, file_name, output_of

PAGES = (
    "README.md",
    "docs/guide/first-run.md",
    "docs/guide/economy.md",
    "docs/guide/analytics.md",
    "docs/guide/rules.md",
    "docs/guide/agents.md",
    "docs/guide/your-strategy.md",
    "docs/guide/population.md",
    "docs/guide/venue.md",
    "docs/guide/tape.md",
    "docs/guide/lifecycle.md",
    "docs/guide/monitor.md",
    "docs/guide/quant.md",
    "docs/guide/calibrate.md",
    "docs/guide/realism.md",
    "docs/guide/recovery.md",
    "docs/guide/snapshots.md",
    "docs/guide/bridge.md",
    "docs/guide/chaos.md",
    "docs/guide/learn.md",
    "docs/guide/ensemble.md",
    "docs/guide/models.md",
    "docs/guide/market-maker.md",
    "docs/guide/sweeps.md",
)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page writes runs and files, and registers strategies; neither may outlive it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry, "_KINDS", dict(registry._KINDS))


@pytest.mark.parametrize("page", PAGES)
def test_blocks_of_a_page_work(page: str) -> None:
    shown = blocks(page)
    names: dict[str, Any] = {"__name__": "guide"}
    for number, block in enumerate(shown):
        if name := file_name(block):
            Path(name).write_text(block.text, encoding="utf-8")
        if block.language == "python":
            printed = _run_python(page, block, names)
        elif block.language == "bash":
            printed = _run_shell(page, block)
        else:
            continue
        expected = output_of(shown, number)
        assert expected is None or printed == expected, f"{page}, line {block.line}"


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_code_to_run(page: str) -> None:
    assert sum(block.language in ("python", "bash") for block in blocks(page)) >= 2


def test_guides_link_to_pages_and_headings_that_exist() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    broken = [f"{page.relative_to(ROOT)}: {link}" for page in pages for link in _broken_links(page)]
    assert not broken


def _run_python(page: str, block: Block, names: dict[str, Any]) -> str:
    # The blank lines make a traceback name the line of the page.
    code = compile("\n" * block.line + block.text, page, "exec")
    printed = StringIO()
    with redirect_stdout(printed):
        exec(code, names)
    return printed.getvalue()


def _run_shell(page: str, block: Block) -> str:
    script = f'set -e\nqtg() {{ "{sys.executable}" -m qtg "$@"; }}\n{block.text}'
    paths = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH")) if part)
    done = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{page}, line {block.line}: {done.stderr}"
    return done.stdout


def _broken_links(page: Path) -> list[str]:
    return [link for link in _links(page) if not _leads_somewhere(page, link)]


def _links(page: Path) -> list[str]:
    prose = "".join(page.read_text(encoding="utf-8").split("```")[::2])
    pieces = prose.split("](")[1:]
    links = [piece.split(")")[0] for piece in pieces]
    return [link for link in links if not link.startswith(("http:", "https:"))]


def _leads_somewhere(page: Path, link: str) -> bool:
    path, _, heading = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return False
    return not heading or heading in _anchors(target)


def _anchors(page: Path) -> set[str]:
    """Headings as GitHub names them: lower case, spaces as hyphens, other signs left out."""
    lines = page.read_text(encoding="utf-8").splitlines()
    titles = [line.lstrip("#").strip().lower() for line in lines if line.startswith("#")]
    kept = ("".join(c for c in title if c.isalnum() or c in " -_") for title in titles)
    return {title.replace(" ", "-") for title in kept}
