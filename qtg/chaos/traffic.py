"""Orders from outside that are the same for the same seed, whoever asks, and whatever the market
does."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from qtg.schemas import Account, MsgType, Orders, OrdType, Side, TimeInForce

from ..money import to_units
from ..order_columns import as_orders
from ..simulation import Simulation
from .draws import Draws
from .profile import Traffic

_REACH = 0.01  # of the first price: how far from it an order may be priced
_MARKET_SHARE = 0.1
_LARGEST = 20  # shares
_LONGEST = 40  # ticks


@dataclass(frozen=True)
class Message:
    """One order on its way.

    Attributes
    ----------
    number : int      1, 2, 3, ... as they are sent; a copy has that of its original
    copy : int        0; 1 for what the network made of it besides
    orders : Orders   one row
    malformed : bool  the market's door will refuse it
    """

    number: int
    copy: int
    orders: Orders
    malformed: bool

    @property
    def shares(self) -> int:
        """What it asks for."""
        return int(self.orders.qty[0])


class TrafficSource:
    """Sends the orders of a profile's accounts.

    Parameters
    ----------
    traffic : Traffic
    draws : Draws
    sim : Simulation           read for its symbols only
    accounts : int32 (n,)      that send
    """

    def __init__(
        self, traffic: Traffic, draws: Draws, sim: Simulation, accounts: np.ndarray
    ) -> None:
        self._traffic, self._draws = traffic, draws
        self._accounts = accounts
        symbols = sim.config.symbols
        self._first = [to_units(symbol.initial_price) for symbol in symbols]
        self._step = [to_units(symbol.tick_size) for symbol in symbols]
        self._lot = [symbol.lot_size for symbol in symbols]

    def send(self, tick: int) -> list[Message]:
        """What is sent in a tick, in order."""
        per_tick = self._traffic.per_tick
        first = (tick - 1) * per_tick + 1
        return [self._message(number, tick) for number in range(first, first + per_tick)]

    def _message(self, number: int, tick: int) -> Message:
        draws = self._draws
        malformed = draws.happens(self._traffic.malformed, "malformed", number)
        market = draws.below(len(self._first), "market", number)
        first, step = self._first[market], self._step[market]
        reach = max(int(first * _REACH) // step, 1)
        price = first // step + draws.below(2 * reach + 1, "price", number) - reach
        at_market = draws.happens(_MARKET_SHARE, "at market", number)
        account = self._accounts[draws.below(len(self._accounts), "account", number)]
        row: dict[str, Any] = {
            "msg_type": [MsgType.NEW],
            "ord_type": [OrdType.MARKET if at_market else OrdType.LIMIT],
            "tif": [TimeInForce.IOC if at_market else TimeInForce.GTT],
            "side": [Side.BUY if draws.below(2, "side", number) else Side.SELL],
            "market": [market],
            "agent": [Account.POOL if malformed else int(account)],
            "price": [max(price, 1) * step],
            "qty": [(1 + draws.below(_LARGEST, "qty", number)) * self._lot[market]],
            "expire_tick": [0 if at_market else tick + 1 + draws.below(_LONGEST, "life", number)],
        }
        return Message(number, 0, as_orders(row), malformed)
