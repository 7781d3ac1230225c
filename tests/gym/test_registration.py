"""The environments are known to Gymnasium whoever is imported first."""

import subprocess
import sys

import pytest


def in_a_new_process(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


MADE = "print(gymnasium.make('{}').unwrapped.batch.steps)"


@pytest.mark.parametrize(
    ("imports", "name"),
    [
        ("import qtg, gymnasium", "qtg/AvellanedaStoikov-v0"),
        ("import gymnasium, qtg", "qtg/AvellanedaStoikov-v0"),
        ("import gymnasium", "qtg:qtg/AvellanedaStoikov-v0"),
        ("import qtg; from gymnasium.vector import VectorEnv; import gymnasium",
         "qtg/AvellanedaStoikov-v0"),
        ("import qtg; from importlib.util import find_spec; find_spec('gymnasium'); import gymnasium",
         "qtg/AvellanedaStoikov-v0"),
    ],
)  # fmt: skip
def test_an_environment_is_made_by_its_name(imports: str, name: str) -> None:
    assert in_a_new_process(f"{imports}; {MADE.format(name)}") == "200"


def test_importing_qtg_does_not_import_gymnasium() -> None:
    code = "import sys, qtg; qtg.Config; print('gymnasium' in sys.modules)"
    assert in_a_new_process(code) == "False"


def test_without_gymnasium_qtg_is_as_before() -> None:
    code = (
        "import sys; sys.path_importer_cache.clear(); sys.modules['gymnasium'] = None\n"
        "import qtg\nprint(qtg.Config.preset('quick_test').name)\n"
        "try: qtg.gym\nexcept ImportError: print('missing')"
    )
    assert in_a_new_process(code).split() == ["quick_test", "missing"]
