"""What comes from outside, the same for the same seed: orders, cancels, replaces, news, regimes."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from qtg.schemas import Account, MsgType, OrdType, OwnOrders, Regime, Side, TimeInForce

from ..agents.resting import read_own, rows_of
from ..inputs import InputKind, news, regimes
from ..money import to_units
from ..order_columns import as_orders
from ..simulation import Simulation
from .draws import Draws
from .profile import Traffic

_REACH = 0.01  # of the first price: how far from it an order may be priced
_MARKET_SHARE = 0.1
_LARGEST = 20  # shares
_LONGEST = 40  # ticks
_SURPRISE = 0.01  # log change of earnings at most
_REGIMES = (Regime.CALM, Regime.NORMAL, Regime.VOLATILE, Regime.CRISIS)


@dataclass(frozen=True)
class Message:
    """One input on its way.

    Attributes
    ----------
    number : int       1, 2, 3, ... as they are sent; a copy has that of its original
    copy : int         0; 1 for what the network made of it besides
    columns : Orders, News or Regimes    one row
    malformed : bool   the market's door will refuse it
    kind : InputKind   what the columns are
    """

    number: int
    copy: int
    columns: Any
    malformed: bool = False
    kind: InputKind = InputKind.ORDERS

    @property
    def shares(self) -> int:
        """What an order asks for; 0 of everything else."""
        return int(self.columns.qty[0]) if self.kind == InputKind.ORDERS else 0


class TrafficSource:
    """Sends what a profile's accounts ask for, and news and regimes besides.

    Who wants to cancel or replace looks at the market as it stands when a tick begins, as a trader
    with an order in mind does; by the time that the message arrives the order may be gone.

    Parameters
    ----------
    traffic : Traffic
    draws : Draws
    sim : Simulation           that nothing happens to; read for what rests
    accounts : int32 (n,)      that send
    done : Counter             is told of everything that is not a new order
    """

    def __init__(
        self,
        traffic: Traffic,
        draws: Draws,
        sim: Simulation,
        accounts: np.ndarray,
        done: Counter[str],
    ) -> None:
        self._traffic, self._draws = traffic, draws
        self._sim, self._accounts, self._done = sim, accounts, done
        symbols = sim.config.symbols
        self._first = [to_units(symbol.initial_price) for symbol in symbols]
        self._step = [to_units(symbol.tick_size) for symbol in symbols]
        self._lot = [symbol.lot_size for symbol in symbols]

    def send(self, tick: int) -> list[Message]:
        """What is sent in a tick, in order."""
        per_tick = self._traffic.per_tick
        first = (tick - 1) * per_tick + 1
        resting = self._resting()
        return [self._message(number, tick, resting) for number in range(first, first + per_tick)]

    def _message(self, number: int, tick: int, resting: OwnOrders | None) -> Message:
        draws, traffic = self._draws, self._traffic
        if draws.happens(traffic.news, "news", number):
            self._done["news sent"] += 1
            return Message(number, 0, self._news(number), kind=InputKind.NEWS)
        if draws.happens(traffic.regime, "regime", number):
            self._done["regimes sent"] += 1
            regime = _REGIMES[draws.below(len(_REGIMES), "which regime", number)]
            columns = regimes(regime.name.lower())
            return Message(number, 0, columns, kind=InputKind.REGIME)
        malformed = draws.happens(traffic.malformed, "malformed", number)
        row = self._request(number, resting) or self._order(number, tick)
        if malformed:
            row["agent"] = [int(Account.POOL)]
        return Message(number, 0, as_orders(row), malformed)

    def _request(self, number: int, resting: OwnOrders | None) -> dict[str, Any] | None:
        """A cancel or a replace of an order that rests, if it is to be one and there is one."""
        draws = self._draws
        cancels = draws.happens(self._traffic.cancel, "cancel", number)
        if not (cancels or draws.happens(self._traffic.replace, "replace", number)):
            return None
        if resting is None or not len(resting.order_id):
            return None
        at = draws.below(len(resting.order_id), "which order", number)
        market = int(resting.symbol[at])
        row: dict[str, Any] = {
            "market": [market],
            "agent": [int(self._accounts[resting.row[at]])],
            "side": [int(resting.side[at])],
            "order_id": [int(resting.order_id[at])],
        }
        self._done["cancels sent" if cancels else "replaces sent"] += 1
        if cancels:
            return {"msg_type": [MsgType.CANCEL], **row}
        terms = {"price": [self._price(number, market)], "qty": [self._qty(number, market)]}
        return {"msg_type": [MsgType.REPLACE], **terms, **row}

    def _order(self, number: int, tick: int) -> dict[str, Any]:
        draws = self._draws
        market = draws.below(len(self._first), "market", number)
        at_market = draws.happens(_MARKET_SHARE, "at market", number)
        return {
            "msg_type": [MsgType.NEW],
            "ord_type": [OrdType.MARKET if at_market else OrdType.LIMIT],
            "tif": [TimeInForce.IOC if at_market else TimeInForce.GTT],
            "side": [Side.BUY if draws.below(2, "side", number) else Side.SELL],
            "market": [market],
            "agent": [int(self._accounts[draws.below(len(self._accounts), "account", number)])],
            "price": [self._price(number, market)],
            "qty": [self._qty(number, market)],
            "expire_tick": [0 if at_market else tick + 1 + draws.below(_LONGEST, "life", number)],
        }

    def _price(self, number: int, market: int) -> int:
        first, step = self._first[market], self._step[market]
        reach = max(int(first * _REACH) // step, 1)
        price = first // step + self._draws.below(2 * reach + 1, "price", number) - reach
        return max(price, 1) * step

    def _qty(self, number: int, market: int) -> int:
        return (1 + self._draws.below(_LARGEST, "qty", number)) * self._lot[market]

    def _news(self, number: int) -> Any:
        """News of the whole market or of a company."""
        draws, config = self._draws, self._sim.config
        mood = 2.0 * draws.unit("sentiment", number) - 1.0
        lasts = 1 + draws.below(_LONGEST, "lasts", number)
        if draws.below(2, "whose news", number):
            return news(config, "macro", sentiment=mood, duration=lasts)
        symbol = config.symbols[draws.below(len(config.symbols), "whose", number)].symbol
        jump = _SURPRISE * mood
        return news(
            config, "earnings", symbol=symbol, surprise=jump, sentiment=mood, duration=lasts
        )

    def _resting(self) -> OwnOrders | None:
        """Orders of the accounts that rest, oldest first, for those who want to change one."""
        if not (self._traffic.cancel or self._traffic.replace):
            return None
        exchange = self._sim.exchange
        return read_own(exchange, 0, rows_of(self._accounts, exchange.n_agents))
