"""Tier 2: sector rotators."""

import numpy as np

from qtg.kernels.fundamentals import SECTORS
from qtg.kernels.random import fill_uniform, lane
from qtg.kernels.rotator import rotate_sectors
from qtg.schemas import RotatorRows, Stream, nbytes

from ..economy import Economy
from ..errors import ConfigError
from ..exchange import Exchange
from ..stateful import Stateful
from .group import rows_for
from .population import Members

_PHASE_DRAW = 1 << 24


class SectorRotators(Stateful):
    """The rotators of one population."""

    STATE = ("rows.wake_tick",)

    def __init__(self, members: Members, number: int, exchange: Exchange) -> None:
        self.rows = rows = rows_for(RotatorRows, members)
        self._symbols = members.symbols
        self._sector = np.array([int(each.sector) for each in members.listed], np.int32)
        held = np.bincount(self._sector[members.symbols], minlength=SECTORS)
        self._members = held.astype(np.float64)
        self._weights = np.zeros(SECTORS)
        _check_weights(members, int((held > 0).sum()))
        for env, env_id in enumerate(exchange.populations):
            mine = rows.env == env
            u = np.empty(int(mine.sum()))
            lane_word = lane(env_id, Stream.SETUP)
            fill_uniform(exchange.venue.seed, lane_word, _PHASE_DRAW + number, u)
            rows.wake_tick[mine] = 1 + (u * rows.interval[mine]).astype(np.int64)
        self.most_orders = len(rows.agent) * len(members.symbols)

    def decide(self, exchange: Exchange, economy: Economy) -> int:
        """Let those who wake rebalance; returns how many woke."""
        return int(
            rotate_sectors(
                self.rows,
                self._symbols,
                self._sector,
                self._members,
                economy.sentiment,
                self._weights,
                exchange.view,
                exchange.ledger,
                exchange.terms,
                exchange.moment,
                exchange.outbox,
            )
        )

    def nbytes(self) -> int:
        return nbytes(self.rows)


def _check_weights(members: Members, sectors: int) -> None:
    """Weights between floor and cap must be able to sum to 1."""
    floor, cap = members.params["floor"].max(initial=0.0), members.params["cap"].min(initial=1.0)
    name = f"{members.kind.name}: its symbols lie in {sectors} sectors"
    if floor * sectors > 1.0:
        raise ConfigError(
            f"{name}, so weights of at least {floor:g} sum to more than 1; use a floor of at most "
            f"{1 / sectors:g}"
        )
    if cap * sectors < 1.0:
        raise ConfigError(
            f"{name}, so weights of at most {cap:g} sum to less than 1; use a cap of at least "
            f"{1 / sectors:g}"
        )
