"""`python -m qtg` is the `qtg` command."""

from .cli import main

main()
