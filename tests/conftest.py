"""Settings that all tests share."""

from pathlib import Path

import pytest
from hypothesis import settings

# Kernels compile on first use, so an example may take long; seeds are fixed, so a red test stays
# red. `python -m tests.property.fuzz --seed N` explores.
settings.register_profile("qtg", deadline=None, derandomize=True)
settings.load_profile("qtg")


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The recordings beside the repository; a test that asks for them is skipped without."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("the recordings in ../shared are not here")
    return folder


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-golden` writes the trace hashes of tests/golden anew."""
    parser.addoption("--update-golden", action="store_true", help="record trace hashes anew")
