"""The `qtg` command in an empty folder."""

from tests.cli.conftest import command

__all__ = ["command"]
