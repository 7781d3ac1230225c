"""Runs of a sweep on a Ray cluster, which may be many machines.

Rows come back, not runs: every machine writes its runs to the folder of the sweep, so all must see
it. This is checked on each node before the first run.
"""

import os
from collections import deque
from pathlib import Path
from typing import Any

from ..errors import ConfigError, SweepError, one_line
from . import remote
from .code import changed, code_here
from .folder import Places
from .plan import Job
from .row import FAILED, Row, RowStream
from .runner import Setup

_OBJECT_STORE = 100 << 20  # bytes; rows are small
_PATIENCE = 120.0  # seconds for a node to answer


def ray_rows(
    setup: Setup, jobs: tuple[Job, ...], workers: int | None, other_code: bool
) -> RowStream:
    """The row of each job, as they come.

    It runs on the cluster that this process is connected to (`ray.init`), else on the one that
    `RAY_ADDRESS` names, else on one that is started on this machine and ends with the sweep.

    Raises
    ------
    ConfigError    Ray is not installed
    SweepError     a node cannot see the folder of the sweep, or has other code
    """
    ray = need_ray()
    ours = not ray.is_initialized()
    pending: dict[Any, Job] = {}
    try:
        if ours:
            _connect(ray, workers)
        _check_nodes(ray, setup, other_code)
        make = ray.remote(num_cpus=1, max_retries=0, scheduling_strategy="SPREAD")(remote.make_run)
        shared, waiting = ray.put(setup), deque(jobs)
        most = workers or max(int(ray.cluster_resources().get("CPU", 1)), 1)
        while waiting or pending:
            while waiting and len(pending) < most:
                job = waiting.popleft()
                pending[make.remote(shared, job)] = job
            done, _ = ray.wait(list(pending), num_returns=1)
            for each in done:
                yield _row(ray, each, pending.pop(each))
    finally:
        if ray.is_initialized():
            for each in pending:
                ray.cancel(each, force=True)
            if ours:
                ray.shutdown()


def need_ray() -> Any:
    """The module.

    Raises
    ------
    ConfigError    it is not installed
    """
    try:
        import ray
    except ImportError:
        raise ConfigError("executor 'ray' needs ray; install qtg[ray]") from None
    return ray


def _connect(ray: Any, workers: int | None) -> None:
    address = os.environ.get("RAY_ADDRESS")
    options = {"logging_level": "ERROR", "log_to_driver": False}
    try:
        if address:
            ray.init(address=address, **options)
            return
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        ray.init(
            address="local",
            num_cpus=workers,
            include_dashboard=False,
            object_store_memory=_OBJECT_STORE,
            **options,
        )
    except (ConnectionError, RuntimeError, TimeoutError, ValueError) as error:
        where = f"at {address} (RAY_ADDRESS)" if address else "on this machine"
        raise SweepError(f"no Ray cluster can be reached {where}: {one_line(error)}") from None


def _check_nodes(ray: Any, setup: Setup, other_code: bool) -> None:
    """Every node that runs anything sees the folder and has this code."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    look = ray.remote(num_cpus=0, max_retries=0)(remote.look)
    mark = None if setup.out is None else Places(Path(setup.out)).mark()
    asked = {}
    for node in ray.nodes():
        if node["Alive"] and node["Resources"].get("CPU", 0) >= 1:
            there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            asked[look.options(scheduling_strategy=there).remote(setup.out)] = node
    for each, node in asked.items():
        name = f"node {node['NodeID'][:8]} ({node['NodeManagerHostname']})"
        try:
            seen, code = ray.get(each, timeout=_PATIENCE)
        except ray.exceptions.RayError as error:
            raise SweepError(f"{name} cannot make runs: {_sentence(error)}") from None
        if seen != mark:
            raise SweepError(
                f"{name} cannot see the folder {setup.out}; a sweep on several machines needs a "
                "folder that all of them share"
            )
        if not other_code and (what := changed(code_here(), code)):
            raise SweepError(
                f"{name} has other code: {', '.join(what[:3])}; install the same everywhere, or "
                "accept it (other_code=True, --other-code)"
            )


def _row(ray: Any, done: Any, job: Job) -> Row:
    try:
        answer = ray.get(done)
    except ray.exceptions.RayError as error:
        why = f"its worker ended: {_sentence(error)}"
        return Row(job.run_id, job.fingerprint, FAILED, why)
    if isinstance(answer, Row):
        return answer
    raise SweepError(f"the workers of the sweep cannot start: {answer}")


def _sentence(error: Exception) -> str:
    """The last line of what Ray tells, which is the cause; a traceback stands before it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return one_line(lines[-1] if lines else type(error).__name__)
