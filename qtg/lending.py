"""Borrowed shares over a run: who may be short, what it costs, what must come back."""

import numpy as np

from qtg.kernels.ledger import LedgerTerms
from qtg.kernels.lending import Notices, buy_in, charge_fees, count_open, recall
from qtg.kernels.outbox import Outbox
from qtg.kernels.shorts import ShortTerms
from qtg.schemas import NO_ROW, Borrows, Ledger, MarketView, allocate, taken

from .config import Config
from .venue import Venue


def short_terms(config: Config) -> ShortTerms:
    """The rules of borrowing in the units of the kernels."""
    own = config.short_selling
    return ShortTerms(
        own.initial_bps,
        own.maintenance_bps,
        own.fee_bps,
        own.recall_ticks,
        max(round(config.ticks_per_year), 1),
    )


class Lending:
    """Fees, recalls and buy-ins of every tick.

    Parameters
    ----------
    config : Config
    ledger, ledger_terms : Ledger, LedgerTerms    with `Exposures` if anybody may be short
    """

    def __init__(self, config: Config, ledger: Ledger, ledger_terms: LedgerTerms) -> None:
        self.terms = short_terms(config)
        self.rows = np.flatnonzero(ledger.accounts.may_short)
        self._ledger_terms = ledger_terms
        self._protection_bps = int(config.venue.protection_bps)
        self._notices = _empty_notices(16)

    def begin(self, ledger: Ledger, venue: Venue, view: MarketView) -> int:
        """Charge fees and recall; returns the outbox rows that buy-ins may need, 0 if there can be
        none."""
        n = int(count_open(ledger, self.terms, self.rows))
        self._notices.n[0] = 0
        if n == 0:
            return 0
        if 2 * n > len(self._notices.qty):
            self._notices = _empty_notices(4 * n)
        charge_fees(ledger, self._ledger_terms, self.terms, self.rows, view.last)
        recall(
            ledger,
            self._ledger_terms,
            self.terms,
            self.rows,
            view.lot_size,
            venue.moment,
            self._notices,
        )
        return 2 * n

    def buy_in(self, ledger: Ledger, venue: Venue, view: MarketView, outbox: Outbox) -> None:
        """Write the buy-ins of this tick into the outbox."""
        market = (venue.book_columns, view, self._protection_bps)
        buy_in(
            ledger,
            self._ledger_terms,
            self.terms,
            self.rows,
            market,
            venue.moment,
            outbox,
            self._notices,
        )

    def notices(self) -> Notices:
        """Recalls and buy-ins of this tick."""
        return taken(self._notices, slice(int(self._notices.n[0])))

    def borrows(self, clock: tuple[int, int], symbols: int, outbox: Outbox) -> Borrows:
        """What happened in this tick, for storage; after admission, which gives orders their ids.

        `clock` is (tick, time in ns).
        """
        notices = self.notices()
        rows = allocate(Borrows, len(notices.qty))
        rows.tick[:], rows.time[:] = clock
        rows.symbol[:] = notices.market % symbols
        for name in ("agent", "event", "qty", "due_tick"):
            getattr(rows, name)[:] = getattr(notices, name)
        sent = np.flatnonzero(notices.order != NO_ROW)
        rows.order_id[sent] = outbox.orders.order_id[notices.order[sent]]
        return rows


def _empty_notices(rows: int) -> Notices:
    lengths = dict.fromkeys(Notices._fields, rows) | {"n": 1}
    return Notices(**{name: np.zeros(length, np.int64) for name, length in lengths.items()})
