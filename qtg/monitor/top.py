"""`qtg top`: a live terminal over the status of a run (textual)."""

from collections.abc import Callable

from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import DataTable, Footer, ProgressBar, Sparkline, Static

from qtg.errors import StorageError

from .lines import cell, duration, figures, headline
from .status import PAST, Status

_HEADINGS = ("count", "p50", "p95", "p99", "max")
_FIELDS = ("count", "p50_ns", "p95_ns", "p99_ns", "max_ns")
_TITLES = {
    "ticks": "ticks/s",
    "orders": "orders/s",
    "trades": "fills/s",
    "tick_p50_ns": "tick p50",
}


class Top(App[None]):
    """Shows a status again and again.

    Parameters
    ----------
    look : callable      gives the newest status, or raises StorageError
    seconds : float      between two looks
    """

    CSS = """
    #head { height: 3; padding: 0 1; }
    #progress { height: 1; padding: 0 1; }
    #progress Bar { width: 1fr; }
    #past { height: 5; }
    .line { width: 1fr; padding: 0 1; }
    .line Sparkline { height: 3; }
    #latencies { width: 2fr; }
    #rest { width: 1fr; }
    #figures { padding: 0 1; }
    Screen.-narrow #body { layout: vertical; }
    Screen.-narrow #latencies { width: 100%; height: 2fr; }
    Screen.-narrow #rest { width: 100%; height: 1fr; }
    #trouble { height: auto; color: $error; padding: 0 1; }
    """
    BINDINGS = [("q", "quit", "Quit"), ("r", "look", "Look now")]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (114, "-wide")]
    ENABLE_COMMAND_PALETTE = False
    TITLE = "qtg top"

    def __init__(self, look: Callable[[], Status], seconds: float = 1.0) -> None:
        super().__init__()
        self._look = look
        self._every = seconds
        self.status: Status | None = None
        # Kept here, since a look may come while the screen is being taken down.
        self._head = Static(id="head", markup=False)
        self._bar = ProgressBar(total=1, show_eta=False, id="progress")
        self._now = {name: Static(id=f"now_{name}", markup=False) for name in PAST}
        self._past = {name: Sparkline([], id=f"past_{name}") for name in PAST}
        self._latencies: DataTable[str] = DataTable(id="latencies", cursor_type="none")
        self._figures = Static(id="figures", markup=False)
        self._trouble = Static(id="trouble", markup=False)

    def compose(self) -> ComposeResult:
        """The widgets, from top to bottom."""
        yield self._head
        yield self._bar
        with Horizontal(id="past"):
            for name in PAST:
                with Vertical(classes="line"):
                    yield self._now[name]
                    yield self._past[name]
        with Horizontal(id="body"):
            yield self._latencies
            with VerticalScroll(id="rest"):
                yield self._figures
        yield self._trouble
        yield Footer()

    def on_mount(self) -> None:
        """Begin to look."""
        self._latencies.add_column("of", key="of")
        for heading in _HEADINGS:
            self._latencies.add_column(heading.rjust(9), key=heading, width=9)
        self.action_look()
        self.set_interval(self._every, self.look_again)

    def look_again(self) -> None:
        """Look, unless the run is over: it will not change."""
        if self.status is None or self.status.state == "running":
            self.action_look()

    def action_look(self) -> None:
        """Show the newest status; say so if there is none to be had."""
        try:
            self.status = self._look()
        except StorageError as error:
            self._trouble.update(str(error))
            return
        self._trouble.update("")
        self._show(self.status)

    def _show(self, status: Status) -> None:
        self._head.update("\n".join(headline(status)))
        self._bar.update(total=max(status.last_tick, 1), progress=status.tick)
        for name, title in _TITLES.items():
            past = status.history.get(name, [])
            self._past[name].data = past
            now = past[-1] if past else 0.0
            shown = duration(now) if name.endswith("_ns") else f"{now:,.0f}"
            self._now[name].update(f"{title} {shown}")
        self._show_latencies(status)
        self._figures.update("\n".join(f"{name}: {value}" for name, value in figures(status)))

    def _show_latencies(self, status: Status) -> None:
        table = self._latencies
        for name, latency in status.latencies.items():
            if not latency.count:
                continue
            cells = [cell(latency, each).rjust(9) for each in _FIELDS]
            if name not in table.rows:
                table.add_row(name, *cells, key=name)
                continue
            for heading, text in zip(_HEADINGS, cells, strict=True):
                table.update_cell(name, heading, text)
