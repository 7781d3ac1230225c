"""What a sender is told at once, and what it learns after the tick."""

from typing import NamedTuple

import numpy as np

from qtg.schemas import Reason

from ..errors import BridgeTimeout
from ..simulation import Simulation
from .promise import Promise
from .waiting import wait_for


class Admission(NamedTuple):
    """What became of a batch's orders at admission, one element per row."""

    order_ids: np.ndarray  # int64: a new order's id, or that of the order to cancel or replace;
    # 0 where the row was refused
    reasons: np.ndarray  # int8, Reason: why it was refused, else NONE


class Acknowledgement:
    """Something from outside is part of the run: as input `sequence` it takes effect in `tick`.

    Attributes
    ----------
    sequence : int    1, 2, 3, ... over the run; as in `Simulation.inputs` and on the tape
    tick : int        in which it takes effect
    """

    __slots__ = ("_admission", "sequence", "tick")

    def __init__(self, sequence: int, tick: int) -> None:
        self.sequence, self.tick = sequence, tick
        self._admission = Promise()

    @property
    def order_ids(self) -> np.ndarray | None:
        """Ids of the batch's orders, int64 (n,), 0 where refused; None until `tick` is over."""
        return self._admission.result().order_ids if self._admission.done else None

    def wait(self, timeout: float | None = None) -> Admission:
        """Wait until `tick` is over, and say what became of the orders.

        Raises
        ------
        BridgeTimeout                not within the time [s]
        BridgeStopped, BridgeDead    the bridge ended before that tick
        """
        if not self._admission.wait(timeout):
            raise self._late(timeout)
        admission: Admission = self._admission.result()
        return admission

    async def known(self, timeout: float | None = None) -> Admission:
        """`wait` for asyncio."""
        if not await wait_for(self._admission, timeout):
            raise self._late(timeout)
        admission: Admission = self._admission.result()
        return admission

    def settle(self, admission: Admission) -> None:
        """The tick is over."""
        self._admission.resolve(admission)

    def fail(self, error: BaseException) -> None:
        """The tick will not be made."""
        self._admission.fail(error)

    def _late(self, timeout: float | None) -> BridgeTimeout:
        return BridgeTimeout(f"tick {self.tick:,} was not over within {timeout:g} s; is it paused?")

    def __repr__(self) -> str:
        return f"Acknowledgement(sequence={self.sequence}, tick={self.tick})"


NOTHING = Admission(np.zeros(0, np.int64), np.zeros(0, np.int8))


def admissions(sim: Simulation) -> dict[int, Admission]:
    """What became of each batch from outside in the tick that just ended, by `id` of its columns.

    Such orders stand at the end of the outbox, after those of the agents, and the outbox keeps its
    rows until the next tick; refusals are events that name a row.
    """
    batches, exchange = sim.inputs.orders, sim.exchange
    n = sum(len(batch.qty) for batch in batches)
    first = exchange.n_checked - n
    ids = exchange.outbox.orders.order_id[first : first + n].copy()
    reasons = np.full(n, Reason.NONE, np.int8)
    refused = slice(exchange.first_admission, exchange.first_admission + sim.counts.rejected)
    row, why = exchange.events.row[refused] - first, exchange.events.reason[refused]
    ours = row >= 0
    ids[row[ours]], reasons[row[ours]] = 0, why[ours]
    found, at = {}, 0
    for batch in batches:
        rows = slice(at, at + len(batch.qty))
        found[id(batch)] = Admission(ids[rows], reasons[rows])
        at = rows.stop
    return found
