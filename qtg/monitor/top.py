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
    #figures { width: 1fr; padding: 0 1; }
    #trouble { height: auto; color: $error; padding: 0 1; }
    """
    BINDINGS = [("q", "quit", "Quit"), ("r", "look", "Look now")]
    ENABLE_COMMAND_PALETTE = False
    TITLE = "qtg top"

    def __init__(self, look: Callable[[], Status], seconds: float = 1.0) -> None:
        super().__init__()
        self._look = look
        self._every = seconds
        self.status: Status | None = None

    def compose(self) -> ComposeResult:
        """The widgets, from top to bottom."""
        yield Static(id="head", markup=False)
        yield ProgressBar(total=1, show_eta=False, id="progress")
        with Horizontal(id="past"):
            for name in PAST:
                with Vertical(classes="line"):
                    yield Static(id=f"now_{name}", markup=False)
                    yield Sparkline([], id=f"past_{name}")
        with Horizontal():
            yield DataTable(id="latencies", cursor_type="none")
            with VerticalScroll():
                yield Static(id="figures", markup=False)
        yield Static(id="trouble", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        """Begin to look."""
        table = self.query_one("#latencies", DataTable)
        table.add_column("of", key="of", width=18)
        for heading in _HEADINGS:
            table.add_column(heading.rjust(9), key=heading, width=10)
        self.action_look()
        self.set_interval(self._every, self.action_look)

    def action_look(self) -> None:
        """Show the newest status; say so if there is none to be had."""
        try:
            self.status = self._look()
        except StorageError as error:
            self.query_one("#trouble", Static).update(str(error))
            return
        self.query_one("#trouble", Static).update("")
        self._show(self.status)

    def _show(self, status: Status) -> None:
        self.query_one("#head", Static).update("\n".join(headline(status)))
        bar = self.query_one("#progress", ProgressBar)
        bar.update(total=max(status.last_tick, 1), progress=status.tick)
        for name, title in _TITLES.items():
            past = status.history.get(name, [])
            self.query_one(f"#past_{name}", Sparkline).data = past
            now = past[-1] if past else 0.0
            shown = duration(now) if name.endswith("_ns") else f"{now:,.0f}"
            self.query_one(f"#now_{name}", Static).update(f"{title} {shown}")
        self._show_latencies(status)
        lines = [f"{name}: {value}" for name, value in figures(status)]
        self.query_one("#figures", Static).update("\n".join(lines))

    def _show_latencies(self, status: Status) -> None:
        table = self.query_one("#latencies", DataTable)
        for name, latency in status.latencies.items():
            if not latency.count:
                continue
            cells = [cell(latency, each).rjust(9) for each in _FIELDS]
            if name not in table.rows:
                table.add_row(name, *cells, key=name)
                continue
            for heading, text in zip(_HEADINGS, cells, strict=True):
                table.update_cell(name, heading, text)
