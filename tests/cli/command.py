"""Calling the `qtg` command inside the test's process."""

from typing import NamedTuple

import pytest

from qtg.cli import main


class Answer(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


class Command:
    """`command("info", "runs/demo")` runs `qtg info runs/demo`."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Answer:
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            main([str(each) for each in arguments])
        said = self._capsys.readouterr()
        code = caught.value.code
        return Answer(code if isinstance(code, int) else int(code is not None), said.out, said.err)

    def fails(self, code: int, *arguments: object) -> str:
        """The one line that a command says which must fail with this code."""
        answer = self(*arguments)
        assert answer.code == code, answer
        assert answer.out == ""
        assert "Traceback" not in answer.err
        assert answer.err.startswith("qtg: ")
        assert answer.err.count("\n") == 1, "one line"
        return answer.err.removeprefix("qtg: ").rstrip("\n")
