"""Reading a guide: its code blocks, and the files and output that they stand for."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (\S+\.(?:py|toml))\n")


class Block(NamedTuple):
    """A fenced block: its language, its text, and the line it starts in."""

    language: str
    text: str
    line: int


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page (a path from the repository's root), in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [
        Block(found[1], found[2], text.count("\n", 0, found.start()) + 1)
        for found in _FENCE.finditer(text)
    ]


def file_name(block: Block) -> str | None:
    """The file that a block shows: its first line is a comment with the name."""
    found = _FILE.match(block.text)
    return found[1] if found else None


def output_of(page: list[Block], number: int) -> str | None:
    """What block `number` prints, if the page says so: a `text` block follows it."""
    after = page[number + 1] if number + 1 < len(page) else None
    return after.text if after and after.language == "text" else None
