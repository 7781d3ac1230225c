"""How kernels are compiled and cached, and what importing qtg costs."""

import importlib
import pkgutil
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from numba.core.errors import NumbaError

import qtg.kernels
from qtg.kernels import _jit
from qtg.kernels._jit import cache_folder, kernel, source_stamp
from qtg.kernels.matching import match_rows

ROOT = Path(__file__).parents[2]
compiled_only = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="the JIT is off")


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the kernels and schemas, which the stamp is made of for the time of a test."""
    for folder in ("kernels", "schemas"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    before = source_stamp()
    monkeypatch.setattr(_jit, "__file__", str(tmp_path / "kernels" / "_jit.py"))
    assert source_stamp() == before, "the same sources have the same stamp wherever they lie"
    return tmp_path


@pytest.mark.parametrize("name", ["kernels/matching.py", "schemas/orders.py", "kernels/_jit.py"])
def test_a_changed_source_changes_the_stamp(name: str, sources: Path) -> None:
    before = source_stamp()
    text = (sources / name).read_text()
    (sources / name).write_text(text + "\n")
    assert source_stamp() != before
    (sources / name).write_text(text)
    assert source_stamp() == before


def test_fields_that_change_places_change_the_stamp(sources: Path) -> None:
    """Two fields of one type: numba would go on with the old kernel and swap their values."""
    before, path = source_stamp(), sources / "schemas" / "orders.py"
    lines = path.read_text().splitlines(keepends=True)
    first = next(i for i, line in enumerate(lines) if line.strip().startswith("price:"))
    assert lines[first + 1].strip().startswith("qty:")
    lines[first : first + 2] = lines[first + 1], lines[first]
    path.write_text("".join(lines))
    assert source_stamp() != before


def test_a_new_or_renamed_source_changes_the_stamp(sources: Path) -> None:
    before = source_stamp()
    (sources / "kernels" / "another.py").write_text("")
    added = source_stamp()
    (sources / "kernels" / "another.py").rename(sources / "kernels" / "other.py")
    assert len({before, added, source_stamp()}) == 3


def test_the_cache_folder_carries_the_stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder().name == f"kernels-{source_stamp()}"
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/some/where")
    assert cache_folder() == Path("/some/where") / f"kernels-{source_stamp()}"


@compiled_only
def test_kernels_are_kept_in_that_folder_and_other_peoples_are_not() -> None:
    kept = Path(match_rows._cache._cache_path)
    assert kept.parent.name == f"kernels-{source_stamp()}"
    assert "kernels-" not in numba.config.CACHE_DIR


def every_kernel() -> Iterator[Any]:
    """Everything that is compiled in `kernels/`."""
    for info in pkgutil.iter_modules(qtg.kernels.__path__):
        module = importlib.import_module(f"qtg.kernels.{info.name}")
        for value in vars(module).values():
            if getattr(getattr(value, "py_func", None), "__module__", "") == module.__name__:
                yield value


@compiled_only
def test_every_kernel_is_compiled_without_reference_counting() -> None:
    kernels = list(every_kernel())
    assert len(kernels) > 100
    for each in kernels:
        options = each.targetoptions
        name = each.py_func.__qualname__
        assert options["_nrt"] is False, name
        assert options["error_model"] == "numpy", name
        assert options["nogil"] is True, name
        assert not options.get("fastmath", False), name


def test_only_one_module_decorates() -> None:
    for path in (ROOT / "kernels").glob("*.py"):
        if path.name != "_jit.py":
            found = re.findall(
                r"@(?!kernel\b|template\b|intrinsic\b)\w+|\b(?:njit|jit|cfunc)\(", path.read_text()
            )
            assert found == [], path.name


@compiled_only
def test_a_kernel_may_not_allocate() -> None:
    @kernel
    def make(n):  # type: ignore[no-untyped-def]
        return np.zeros(n)

    @kernel
    def add(a):  # type: ignore[no-untyped-def]
        return (a + 1.0)[0]

    @kernel
    def first(a):  # type: ignore[no-untyped-def]
        return a[0]

    assert first(np.ones(3)) == 1.0
    with pytest.raises(NumbaError):
        make(3)
    with pytest.raises(NumbaError):
        add(np.ones(3))


def test_import_qtg_imports_nothing_heavy() -> None:
    heavy = ("numba", "numpy", "polars", "duckdb", "pyarrow", "pydantic", "plotly", "scipy", "rich")
    script = f"import sys, qtg; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_config_and_help_need_no_compiler() -> None:
    script = (
        "import sys\n"
        "from qtg.cli import app\n"
        "from qtg import Config\n"
        "Config.preset('standard').to_toml()\n"
        "print([name for name in ('numba', 'polars', 'duckdb', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_every_public_name_can_be_had() -> None:
    for name in qtg.__all__:
        assert getattr(qtg, name) is not None
    assert set(qtg.__all__) <= set(dir(qtg))
    with pytest.raises(AttributeError, match="module 'qtg' has no attribute 'simulat'"):
        qtg.simulat  # noqa: B018
