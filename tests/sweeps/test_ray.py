"""A sweep on two Ray nodes, each a set of processes of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from polars.testing import assert_frame_equal

import qtg
from qtg.sweeps import cluster as of_qtg

from .small import GRID, killed, shares, timeless, tiny

ray = pytest.importorskip("ray")

MB = 1 << 20


def rays() -> set[str]:
    """Command lines of Ray's processes on this machine, by number."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_text()
        except OSError:
            continue
        if "raylet" in line or "gcs_server" in line or line.startswith("ray::"):
            found.add(path.parent.name)
    return found


@pytest.fixture(scope="module")
def two_nodes() -> Iterator[Any]:
    """A cluster of two nodes with a processor each, on this machine and its loopback alone."""
    from ray.cluster_utils import Cluster

    patch, before = pytest.MonkeyPatch(), rays()
    patch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # binds every node to 127.0.0.1
    patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    node = {"num_cpus": 1, "object_store_memory": 100 * MB}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    try:
        cluster.add_node(**node)
        ray.init(address=cluster.address, logging_level="ERROR", log_to_driver=False)
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()
        patch.undo()
    assert rays() <= before


def test_both_nodes_make_the_same_runs_as_one_process(two_nodes: Any, tmp_path: Path) -> None:
    found = qtg.sweep(tiny(), GRID, 2, executor="ray", out=tmp_path / "s", measure=killed)
    failed = found.failures
    assert failed["run_id"].to_list() == [1, 3]
    for error in failed["error"]:
        assert error.startswith("its worker ended: ")
    done = qtg.sweep(
        tiny(),
        GRID,
        2,
        executor="ray",
        out=tmp_path / "s",
        measure=shares,
        resume=True,
        other_code=True,
    )
    nodes = {name.partition(":")[0] for name in done.runs["worker"]}
    assert nodes == {node["NodeID"][:8] for node in ray.nodes()}
    assert len(nodes) == 2
    serial = qtg.sweep(tiny(), GRID, 2, executor="serial", measure=shares)
    assert_frame_equal(timeless(done.runs), timeless(serial.runs))
    assert ray.is_initialized(), "the caller's connection is left alone"


def test_a_node_that_cannot_see_the_folder_or_has_other_code_is_named(
    two_nodes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sweep(**options: Any) -> None:
        qtg.sweep(tiny(), GRID, executor="ray", out=tmp_path / "s", resume=True, **options)

    with monkeypatch.context() as patch:
        patch.setattr(of_qtg.Places, "mark", lambda self: "what only this machine has")
        with pytest.raises(qtg.SweepError, match=r"^node \w+ .* cannot see the folder"):
            sweep()
    with monkeypatch.context() as patch:
        patch.setattr(of_qtg, "code_here", lambda: {"qtg": "9.9"})
        with pytest.raises(qtg.SweepError, match=r"^node \w+ .* has other code: qtg was 9.9, is"):
            sweep()
    assert qtg.open_sweep(tmp_path / "s").counts()["waiting"] == 4


def test_a_cluster_that_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ray.is_initialized():
        ray.shutdown()
    monkeypatch.setenv("RAY_ADDRESS", "nonsense")
    with pytest.raises(qtg.SweepError, match="no Ray cluster can be reached at nonsense"):
        qtg.sweep(tiny(), GRID, executor="ray")


def test_without_ray_the_extra_is_named() -> None:
    code = "import sys; sys.modules['ray'] = None; import qtg; qtg.sweep('quick_test', None, executor='ray')"
    paths = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert "ConfigError: executor 'ray' needs ray; install qtg[ray]" in done.stderr
