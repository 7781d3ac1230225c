"""Seeded order flow for a venue: mostly sensible, always a little mad.

Prices stay near a wandering mid, with some far outside any ladder's window; agents are anonymous,
the pool and three ordinary ones; cancels and replaces name live, dead, foreign and future ids.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from qtg.schemas import ExecInst, MsgType, OrdType, Side, TimeInForce
from tests.reference.book import POOL, SlowVenue
from tests.reference.rules import MAX_PRICE, MAX_QTY, MAX_TICK, Message

AGENTS = (-1, -1, 0, 0, 0, 1, 1, 2, 3)
TIFS = (TimeInForce.GTC,) * 6 + (TimeInForce.IOC, TimeInForce.FOK) + (TimeInForce.GTT,) * 2
BAD = {
    "msg_type": (3, -1, 127),
    "ord_type": (3, -1),
    "tif": (4, -1),
    "exec_inst": (2, -1),
    "side": (0, 2, -2),
    "market": (-1, 99, 2**31 - 1),
    "price": (0, -100, MAX_PRICE + 1, -(2**63), 2**63 - 1, 1001),
    "qty": (0, -5, MAX_QTY + 1, 2**63 - 1, -(2**63), 7),
    "expire_tick": (0, -1, -(2**63), MAX_TICK + 1, 2**63 - 1),
}


@dataclass
class Flow:
    """Draws batches for `venue`, which must have worked each batch before the next is drawn."""

    venue: SlowVenue
    seed: int
    crowd: int = 200
    random: Random = field(init=False)
    mids: list[int] = field(init=False)
    known: list[tuple[int, int, int]] = field(default_factory=list)
    tick: int = 0

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.mids = [5_000 for _ in self.venue.markets]

    def batches(self, messages: int) -> Iterator[tuple[list[Message], int]]:
        """(messages, tick) until `messages` have been drawn."""
        left = messages
        while left:
            n = min(left, self.random.choice((1, 3, 10, 40, 150)))
            self._wander()
            yield self._batch(n), self.tick
            left -= n

    def _wander(self) -> None:
        """Move time and the mids on, sometimes by a jump."""
        if self.random.random() < 0.3:
            self.tick += self.random.choice((1,) * 40 + (2, 7, 300))
        for m in range(len(self.mids)):
            step = self.random.choice((-1, 0, 1))
            if self.random.random() < 0.01:
                step = self.random.choice((-400, -80, 80, 400))
            self.mids[m] = max(1_000, self.mids[m] + step)

    def _batch(self, n: int) -> list[Message]:
        markets = self.venue.markets
        self.known = [
            (order.order_id, order.agent, market.number)
            for market in markets
            for order in market.live.values()
            if order.agent != POOL
        ]
        next_id = list(self.venue.next_id)
        batch = []
        for _ in range(n):
            message = self._message()
            if message.msg_type == MsgType.NEW and 0 <= message.market < len(markets):
                env = message.market // self.venue.symbols
                self.known.append((next_id[env], message.agent, message.market))
                next_id[env] += 1
            batch.append(message)
        return batch

    def _message(self) -> Message:
        crowded = len(self.known) > self.crowd * len(self.mids)
        u = self.random.random()
        if u < (0.5 if crowded else 0.12):
            message = self._about_an_order(MsgType.CANCEL)
        elif u < (0.6 if crowded else 0.25):
            message = self._about_an_order(MsgType.REPLACE)
        else:
            message = self._new()
        if self.random.random() < 0.02:
            name = self.random.choice(list(BAD))
            message = message._replace(**{name: self.random.choice(BAD[name])})
        return message

    def _new(self) -> Message:
        draw = self.random
        market = draw.randrange(len(self.mids))
        side = draw.choice((Side.BUY, Side.SELL))
        tif = draw.choice(TIFS)
        ord_type = draw.choices((OrdType.LIMIT, OrdType.MARKET, OrdType.PROTECTED), (90, 7, 3))[0]
        agent = draw.choice(AGENTS)
        if agent == POOL and tif == TimeInForce.GTC and draw.random() < 0.8:
            tif = TimeInForce.GTT  # nothing else but a trade ends an order of the pool
        if ord_type != OrdType.LIMIT and tif == TimeInForce.GTT and draw.random() < 0.9:
            tif = TimeInForce.GTC
        may_rest = ord_type == OrdType.LIMIT and tif in (TimeInForce.GTC, TimeInForce.GTT)
        post_only = draw.random() < (0.1 if may_rest else 0.01)
        return Message(
            ord_type=ord_type,
            tif=tif,
            exec_inst=ExecInst.POST_ONLY if post_only else ExecInst.NONE,
            side=side,
            market=market,
            agent=agent,
            price=self._price(market, side),
            qty=self._qty(market),
            expire_tick=self.tick + draw.choice((1, 2, 5, 30, 256, 257, 600, MAX_TICK - self.tick)),
        )

    def _about_an_order(self, msg_type: MsgType) -> Message:
        draw = self.random
        if not self.known:
            return Message(msg_type, order_id=draw.randint(-2, 5))
        order_id, agent, number = draw.choice(self.known)
        if draw.random() < 0.05:
            agent = draw.choice(AGENTS)
        if draw.random() < 0.1:
            order_id = draw.choice((0, -1, order_id + 1, draw.randint(1, order_id), 2**62))
        market = self.venue.markets[number]
        order = market.live.get(order_id)
        side = order.side if order else draw.choice((Side.BUY, Side.SELL))
        price, qty = self._price(number, side), self._qty(number)
        if order and draw.random() < 0.5:
            price = order.price
            qty = max(market.lot_size, order.qty - market.lot_size * draw.choice((-1, 0, 1, 3)))
        return Message(
            msg_type,
            exec_inst=ExecInst.POST_ONLY if draw.random() < 0.1 else ExecInst.NONE,
            side=draw.choice((Side.BUY, Side.SELL)),
            market=number,
            agent=agent,
            price=price,
            qty=qty,
            order_id=order_id,
        )

    def _price(self, market: int, side: int) -> int:
        draw = self.random
        u = draw.random()
        ticks = self.mids[market] - side * draw.choice((-2, -1, 0, 1, 2, 3, 5, 8, 13, 21, 34))
        if u < 0.003:
            ticks = draw.choice((1, MAX_PRICE // self.venue.markets[market].tick_size))
        elif u < 0.08:
            ticks = max(1, ticks - side * draw.choice((40, 63, 64, 65, 200, 900, 5_000)))
        elif u < 0.085:
            ticks += side * draw.choice((20, 64, 300))
        return ticks * self.venue.markets[market].tick_size

    def _qty(self, market: int) -> int:
        draw = self.random
        lots = draw.randint(1, 20)
        u = draw.random()
        lot_size = self.venue.markets[market].lot_size
        if u < 0.0005:
            lots = MAX_QTY // lot_size
        elif u < 0.01:
            lots *= 50
        return lots * lot_size
