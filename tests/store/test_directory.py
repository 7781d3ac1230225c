"""Where a run may be written, and what may be removed for it."""

import errno
import json
from pathlib import Path

import pytest

from qtg.errors import StorageError
from qtg.result import open_run
from qtg.schemas import Trades
from qtg.store import RunWriter

from .tables import RUN, counted_trades


def write_run(path: Path, n: int = 10, **options: bool) -> None:
    with RunWriter(path, **RUN, **options) as sink:
        sink.table(Trades).extend(counted_trades(0, n))
        sink.close()


def test_parents_are_made(tmp_path: Path) -> None:
    write_run(tmp_path / "a" / "b" / "run")
    assert open_run(tmp_path / "a/b/run").trades.height == 10


def test_an_empty_directory_is_taken(tmp_path: Path) -> None:
    write_run(tmp_path)
    assert open_run(tmp_path).status == "complete"


def test_a_directory_of_a_run_that_was_killed_before_it_began_is_taken(tmp_path: Path) -> None:
    (tmp_path / "run.json.tmp").write_text('{"form')
    write_run(tmp_path)
    assert open_run(tmp_path).trades.height == 10
    assert not (tmp_path / "run.json.tmp").exists()


def test_an_existing_run_is_refused_and_left_alone(tmp_path: Path) -> None:
    write_run(tmp_path / "run")
    with pytest.raises(StorageError, match=r"already holds a run.*--overwrite"):
        RunWriter(tmp_path / "run", **RUN)
    assert open_run(tmp_path / "run").trades.height == 10


def test_overwriting_replaces_the_run_and_keeps_other_files(tmp_path: Path) -> None:
    place = tmp_path / "run"
    write_run(place, 10)
    (place / "report.html").write_text("mine")
    (place / "trades" / "part-00009.parquet.tmp").write_text("left by a killed run")
    write_run(place, 20, overwrite=True)
    assert open_run(place).trades.height == 20
    assert (place / "report.html").read_text() == "mine"
    assert [file.name for file in (place / "trades").iterdir()] == ["part-00000.parquet"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_foreign_directory_is_never_touched(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    (tmp_path / "trades").mkdir()
    with pytest.raises(StorageError, match="holds something that is not a qtg run"):
        RunWriter(tmp_path, **RUN, overwrite=overwrite)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["thesis.tex", "trades"]


@pytest.mark.parametrize("content", ['{"format": "other"}', "[]", "not json"])
def test_a_foreign_run_json_protects_its_directory(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content)
    (tmp_path / "trades").mkdir()
    with pytest.raises(StorageError, match=r"run\.json"):
        RunWriter(tmp_path, **RUN, overwrite=True)
    assert (tmp_path / "run.json").read_text() == content
    assert (tmp_path / "trades").is_dir()


def test_a_run_of_another_format_version_can_be_overwritten(tmp_path: Path) -> None:
    write_run(tmp_path)
    stored = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps(stored | {"format_version": 99}))
    write_run(tmp_path, 5, overwrite=True)
    assert open_run(tmp_path).trades.height == 5


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="file is a file"):
        RunWriter(tmp_path / "file", **RUN)
    with pytest.raises(StorageError, match=r"no run can be written.*Not a directory"):
        RunWriter(tmp_path / "file" / "run", **RUN)


def test_an_unwritable_place_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)  # tests may run as root, who may write anywhere
    with pytest.raises(StorageError, match=r"no run can be written to .*run: Permission denied"):
        RunWriter(tmp_path / "run", **RUN)


def test_a_symbol_given_twice_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="symbol 'A' appears more than once"):
        RunWriter(tmp_path / "run", **RUN | {"symbols": ["A", "B", "A"]})
    assert not (tmp_path / "run").exists()


def test_a_config_that_is_not_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="config cannot be written as JSON"):
        RunWriter(tmp_path / "run", **RUN | {"config": {"start": object()}})


def test_a_directory_name_is_never_read_as_a_pattern(tmp_path: Path) -> None:
    write_run(tmp_path / "run1", 10)
    write_run(tmp_path / "run*", 20)
    run = open_run(tmp_path / "run*")
    assert run.trades.height == 20
    assert run.sql("select count(*) from trades").item() == 20
