"""Random orders from outside: every message type, mostly sensible, sometimes not."""

from random import Random

from qtg.schemas import ExecInst, MsgType, OrdType, Side, TimeInForce
from tests.reference.ledger import FIRST_AGENT, POOL, SlowLedger
from tests.reference.rules import Message

RESTING = (TimeInForce.GTC, TimeInForce.GTC, TimeInForce.GTT)
TIFS = (*RESTING, *RESTING, TimeInForce.IOC, TimeInForce.FOK)
ODD = {
    "msg_type": (3, -1),
    "ord_type": (3, -1),
    "tif": (4, -1),
    "exec_inst": (2, -1),
    "side": (0, 2),
    "agent": (2**31 - 1,),
    "latency_ticks": (-1, 99),
    "price": (0, -5, 2**62, 12_345),
    "qty": (0, -1, 2**40 + 1, 2**40),
    "expire_tick": (0, 1),
    "order_id": (0, -1, 2**60),
}


class Crowd:
    """Draws messages for the accounts of a followed simulation."""

    def __init__(self, slow: SlowLedger, seed: int, agents: range | None = None) -> None:
        self.slow = slow
        self.random = Random(seed)
        self.agents = agents or range(FIRST_AGENT, slow.terms.n_agents)

    def messages(self, n: int, tick: int) -> list[Message]:
        """`n` messages to send in `tick`."""
        return [self._message(tick) for _ in range(n)]

    def _message(self, tick: int) -> Message:
        u = self.random.random()
        theirs = [(key, o) for key, o in self.slow.live.items() if o.agent != POOL]
        about = self.random.choice(theirs) if theirs and u < 0.35 else None
        message = self._amend(*about) if about else self._new(tick)
        if self.random.random() < 0.03:
            name = self.random.choice(list(ODD))
            message = message._replace(**{name: self.random.choice(ODD[name])})
        return message._replace(
            latency_ticks=message.latency_ticks
            or self.random.randint(0, self.slow.terms.longest_latency)
        )

    def _new(self, tick: int) -> Message:
        draw, terms = self.random, self.slow.terms
        market = draw.randrange(terms.symbols * terms.envs)
        side = draw.choice((Side.BUY, Side.SELL))
        tif = draw.choice(TIFS)
        ord_type = draw.choices((OrdType.LIMIT, OrdType.MARKET, OrdType.PROTECTED), (80, 15, 5))[0]
        if ord_type != OrdType.LIMIT and tif == TimeInForce.GTT:
            tif = TimeInForce.GTC
        rests = ord_type == OrdType.LIMIT and tif in RESTING
        return Message(
            ord_type=ord_type,
            tif=tif,
            exec_inst=ExecInst.POST_ONLY if rests and draw.random() < 0.15 else ExecInst.NONE,
            side=side,
            market=market,
            agent=draw.choice(self.agents),
            price=self._price(market, side),
            qty=self._qty(market),
            expire_tick=tick + draw.choice((1, 3, 8, 20)),
        )

    def _amend(self, key: tuple[int, int], order: object) -> Message:
        draw = self.random
        agent, market, side = order.agent, order.market, order.side  # type: ignore[attr-defined]
        price, qty = self._price(market, side), self._qty(market)
        if draw.random() < 0.3:
            lot = self.slow.terms.lot_sizes[market % self.slow.terms.symbols]
            price, qty = order.price, max(order.qty - lot, lot)  # type: ignore[attr-defined]
        return Message(
            draw.choice((MsgType.CANCEL, MsgType.REPLACE)),
            side=draw.choice((Side.BUY, Side.SELL)),
            market=market,
            agent=agent if draw.random() < 0.95 else draw.choice(self.agents),
            price=price,
            qty=qty,
            order_id=key[1],
        )

    def _price(self, market: int, side: int) -> int:
        step = self.slow.terms.tick_sizes[market % self.slow.terms.symbols]
        away = self.random.choice((-4, -2, -1, 0, 0, 1, 2, 3, 5, 9, 40))
        return self.slow.last[market] - side * away * step

    def _qty(self, market: int) -> int:
        lots = self.random.choice((1, 1, 2, 3, 5, 8, 13, 40, 400))
        return lots * self.slow.terms.lot_sizes[market % self.slow.terms.symbols]
