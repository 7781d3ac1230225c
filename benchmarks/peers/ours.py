"""qtg itself: one batch through `Venue.submit`."""

from collections.abc import Callable

from .engine import COLUMNS, Answer, Columns, Engine


class Submit(Engine):
    """Order columns in, all event columns out."""

    batching = "one batch"

    def __init__(self, columns: Columns) -> None:
        super().__init__(columns)
        from qtg.bench.slow_book import Answer as Known
        from qtg.bench.venue import VenueRun
        from qtg.bench.workloads import Messages, Workload

        messages = Messages(*(columns[name] for name in COLUMNS))
        self.run = VenueRun(Workload("peers", "given", messages, Known()))

    def fresh(self) -> Callable[[], object]:
        self.run.empty()
        return self.run.submit

    def answer(self) -> Answer:
        self.run.once()
        return {
            key: value for key, value in self.run.answer()._asdict().items() if value is not None
        }


ENGINES = {"qtg": Submit}
