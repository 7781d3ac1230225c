"""The metrics of a run as Prometheus text: over HTTP, or in a file for a textfile collector."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

from qtg.errors import ConfigError

from .extra import load
from .metrics import METRICS, OPERATION, PHASE, TICK, Metric

if TYPE_CHECKING:
    from qtg.simulation import Simulation

    from .monitor import Monitor

ADDRESS = "127.0.0.1"
FILE_SECONDS = 10.0  # between two writes of a file
_HISTOGRAMS = {"tick": TICK, "phase": PHASE}


class Collector:
    """Gives prometheus-client the metrics of a monitor when it is asked for them."""

    def __init__(self, monitor: "Monitor") -> None:
        self._monitor = monitor
        self._core = load("Prometheus text", "prometheus_client.core")

    def describe(self) -> list[Any]:
        """Nothing: the names are known when they are asked for."""
        return []

    def collect(self) -> Iterator[Any]:
        """Metric families, all of one moment."""
        with self._monitor.lock:
            status = self._monitor.status
            histograms = self._histograms()
        for metric in METRICS:
            if metric.samples is None:
                yield histograms[metric.name]
                continue
            family = self._family(metric)
            for labels, value in metric.samples(status):
                family.add_metric(labels, value)
            yield family

    def _family(self, metric: Metric) -> Any:
        families = {
            "counter": self._core.CounterMetricFamily,
            "gauge": self._core.GaugeMetricFamily,
            "histogram": self._core.HistogramMetricFamily,
        }
        return families[metric.kind](metric.name, metric.text, labels=metric.labels)

    def _histograms(self) -> dict[str, Any]:
        families = {
            metric.name: self._family(metric) for metric in METRICS if metric.samples is None
        }
        latencies = self._monitor.latencies
        for name, summary in latencies.summary().items():
            room, _, what = name.partition(".")
            family = families[_HISTOGRAMS.get(room, OPERATION)]
            labels = (room, what) if room not in _HISTOGRAMS else (what,) if what else ()
            buckets = [(_bound(bound), n) for bound, n in latencies.buckets(name)]
            family.add_metric(labels, buckets, summary.sum_ns / 1e9)
        return families


def _bound(seconds: float) -> str:
    return "+Inf" if seconds == float("inf") else f"{seconds:g}"


class Export:
    """Where metrics are shown: on a port of this machine, in a file, or both. A context manager.

    Both are opened at once, and show nothing until `follow` says which monitor to show.

    Parameters
    ----------
    port : int, optional     of 127.0.0.1; 0 takes a free one
    file : path, optional    replaced every ten seconds and at the end

    Raises
    ------
    ConfigError    the port is taken, the file cannot be written, or prometheus-client is missing
    """

    def __init__(self, port: int | None = None, file: str | Path | None = None) -> None:
        self._client = load("Prometheus text", "prometheus_client")
        self._registry = self._client.CollectorRegistry()
        self._file = Path(file) if file is not None else None
        self._due = 0.0
        self._server: Any = None
        if self._file is not None:
            self._check_file(self._file)
        if port is not None:
            self._server, self._thread = self._serve(port)

    @property
    def address(self) -> str:
        """What to scrape; empty without a port."""
        port = self._server.server_port if self._server is not None else None
        return f"http://{ADDRESS}:{port}/metrics" if port is not None else ""

    def follow(self, monitor: "Monitor") -> None:
        """Show the metrics of a monitor."""
        self._registry.register(Collector(monitor))
        if self._file is not None:
            monitor.outputs.append(self._write)

    def text(self) -> str:
        """The metrics as Prometheus text."""
        return str(self._client.generate_latest(self._registry).decode())

    def close(self) -> None:
        """Free the port; the file stays."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ended: object) -> None:
        self.close()

    def _write(self, monitor: "Monitor") -> None:
        if monitor.state == "running" and monotonic() < self._due:
            return
        self._due = monotonic() + FILE_SECONDS
        self._client.write_to_textfile(str(self._file), self._registry)

    def _check_file(self, file: Path) -> None:
        try:
            self._client.write_to_textfile(str(file), self._registry)
        except OSError as error:
            raise ConfigError(
                f"metrics cannot be written to {file}: {error.strerror}; choose another file"
            ) from None

    def _serve(self, port: int) -> Any:
        if not 0 <= port <= 65535:
            raise ConfigError(f"a port must be 0 to 65535, got {port}")
        try:
            return self._client.start_http_server(port, ADDRESS, self._registry)
        except OSError as error:
            raise ConfigError(
                f"metrics cannot be served on port {port}: {error.strerror}; choose another port"
            ) from None


@contextmanager
def serve(sim: "Simulation", port: int = 9090, seconds: float = 1.0) -> Iterator[str]:
    """Watch a simulation and serve its metrics on this machine until the block ends.

    Parameters
    ----------
    sim : Simulation
    port : int         of 127.0.0.1; 0 takes a free one
    seconds : float    between two snapshots

    Gives the address to scrape.

    Raises
    ------
    ConfigError    the port is taken, or the extra `qtg[monitor]` is not installed

    Examples
    --------
    >>> from urllib.request import urlopen
    >>> from qtg import Config, Simulation
    >>> sim = Simulation(Config.preset("quick_test", ticks=20))
    >>> with serve(sim, port=0, seconds=1e-9) as address:
    ...     sim = sim.run(3)
    ...     lines = urlopen(address).read().decode().splitlines()
    >>> [line for line in lines if line.startswith("qtg_ticks_total")]
    ['qtg_ticks_total 3.0']
    """
    from .monitor import Monitor

    with Export(port) as export, Monitor(sim, seconds=seconds) as monitor:
        export.follow(monitor)
        yield export.address
