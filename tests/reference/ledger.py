"""The slow ledger: what every account of a run has, followed order by order and fill by fill.

Nothing is reserved or released here. What an account has set aside is recomputed from its orders:
the live ones and those on their way, each at the most that it can need. Knows no kernel.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

from qtg.schemas import ExecType, MsgType, OrdType, Reason, Side

from .book import Event
from .market import Market
from .rules import Message, why_bad_replace, why_malformed, why_not_yours, why_off_terms

POOL, HOUSE, FIRST_AGENT = 0, 1, 2
MILLION = 1_000_000
MAX_NOTIONAL = 2**60

Account = tuple[int, int]  # environment, agent
Holding = tuple[int, int, int]  # environment, agent, symbol


@dataclass
class Terms:
    """What holds for a whole run; fees in millionths of the notional."""

    tick_sizes: list[int]
    lot_sizes: list[int]
    outstanding: list[int]
    n_agents: int
    envs: int = 1
    maker_ppm: int = 0
    taker_ppm: int = 0
    protection_bps: int = 100
    longest_latency: int = 0

    @property
    def symbols(self) -> int:
        return len(self.tick_sizes)


@dataclass
class Open:
    """A live order."""

    agent: int
    market: int
    side: int
    price: int
    qty: int


@dataclass
class Turnover:
    """What the pool has traded in a market."""

    bought: int = 0
    sold: int = 0
    paid: int = 0
    received: int = 0


@dataclass
class Limits:
    """Limits of every agent; None is no limit."""

    position: int | None
    sector: Fraction | None
    drawdown: Fraction | None
    sectors: list[int]
    peaks: dict[Account, int] = field(default_factory=lambda: defaultdict(int))

    def begin(self, ledger: "SlowLedger") -> None:
        """Note what everybody is worth at the start of a tick."""
        for account in list(ledger.cash):
            self.peaks[account] = max(self.peaks[account], ledger.equity(account))

    def why_beyond(self, ledger: "SlowLedger", m: Message) -> int:
        """The first limit that a message would break, or 0."""
        env, agent, symbol = key = ledger.holding(m.market, m.agent)
        before, after = ledger.most(key), ledger.most(key, m)
        if after <= before:
            return Reason.NONE
        if self.position is not None and after > self.position:
            return Reason.POSITION_LIMIT
        worth = ledger.equity((env, agent))
        if self.sector is not None:
            mine = [s for s, each in enumerate(self.sectors) if each == self.sectors[symbol]]
            value = sum(
                (after if s == symbol else ledger.most((env, agent, s)))
                * ledger.last[env * ledger.terms.symbols + s]
                for s in mine
            )
            if value > self.sector * max(worth, 0):
                return Reason.SECTOR_LIMIT
        if self.drawdown is not None:
            peak = self.peaks[env, agent]
            if worth < peak - floor(self.drawdown * peak):
                return Reason.DRAWDOWN_LIMIT
        return Reason.NONE


@dataclass
class SlowLedger:
    """Accounts, live orders and orders on their way, of all environments of a run."""

    terms: Terms
    cash: dict[Account, int] = field(default_factory=lambda: defaultdict(int))
    fees: dict[Account, int] = field(default_factory=lambda: defaultdict(int))
    qty: dict[Holding, int] = field(default_factory=lambda: defaultdict(int))
    cost: dict[Holding, int] = field(default_factory=lambda: defaultdict(int))
    realized: dict[Holding, int] = field(default_factory=lambda: defaultdict(int))
    latest: dict[tuple[Holding, int], int] = field(default_factory=lambda: defaultdict(int))
    live: dict[tuple[int, int], Open] = field(default_factory=dict)
    travelling: list[tuple[int, Message]] = field(default_factory=list)
    last: dict[int, int] = field(default_factory=dict)
    pool: dict[int, Turnover] = field(default_factory=lambda: defaultdict(Turnover))
    halted: set[int] = field(default_factory=set)
    limits: Limits | None = None
    forced: bool = False  # the message is the exchange's own

    # -- orders

    def admit(self, m: Message, tick: int) -> int:
        """Reason to refuse a message, or 0 and the message is on its way."""
        reason = self._why_unknown(m)
        if reason or m.msg_type == MsgType.CANCEL:
            return reason or self._send(m, tick)
        if m.msg_type == MsgType.REPLACE:
            reason = why_not_yours(self._market(m.market), m)
            if reason:
                return reason
            m = m._replace(side=self.live[self.env(m.market), m.order_id].side)
            reason = why_bad_replace(m, self._market(m.market))
        elif m.msg_type == MsgType.NEW:
            reason = why_malformed(m, tick) or why_off_terms(m, self._market(m.market))
            if not reason and m.ord_type == OrdType.MARKET:
                m = m._replace(ord_type=OrdType.PROTECTED, price=self.worst_price(m))
        else:
            reason = Reason.UNKNOWN_MSG_TYPE
        reason = reason or self._why_not_covered(m)
        return reason or self._why_beyond_limits(m) or self._send(m, tick)

    def arrive(self, tick: int) -> list[Message]:
        """The messages that reach the books now, in the order they were sent."""
        due = [m for at, m in self.travelling if at == tick]
        self.travelling = [(at, m) for at, m in self.travelling if at != tick]
        return due

    def worst_price(self, m: Message) -> int:
        """How far a market order may walk from the best price that it meets."""
        prices = [o.price for o in self._facing(m)]
        best = m.side * min(m.side * p for p in prices) if prices else self.last[m.market]
        step = self.terms.tick_sizes[m.market % self.terms.symbols]
        worst = best * (1 + m.side * Fraction(self.terms.protection_bps, 10_000)) / step
        return max(floor(worst) if m.side == Side.BUY else ceil(worst), 1) * step

    def _send(self, m: Message, tick: int) -> int:
        self.travelling.append((tick + m.latency_ticks, m))
        return Reason.NONE

    def _facing(self, m: Message) -> Iterator[Open]:
        return (o for o in self.live.values() if o.market == m.market and o.side != m.side)

    def _why_unknown(self, m: Message) -> int:
        if not 0 <= m.market < self.terms.symbols * self.terms.envs:
            return Reason.UNKNOWN_MARKET
        if not FIRST_AGENT <= m.agent < self.terms.n_agents:
            return Reason.BAD_AGENT
        if not 0 <= m.latency_ticks <= self.terms.longest_latency:
            return Reason.BAD_LATENCY
        return Reason.NONE

    def _why_not_covered(self, m: Message) -> int:
        if m.price * m.qty > MAX_NOTIONAL:
            return Reason.NOTIONAL_TOO_LARGE
        account = self.env(m.market), m.agent
        if m.side == Side.SELL:
            holding = (*account, m.market % self.terms.symbols)
            free = self.qty[holding] - self.reserved_shares()[holding]
            return Reason.INSUFFICIENT_SHARES if m.qty > free else Reason.NONE
        if self.need(m.price, m.qty) > self.cash[account] - self.reserved_cash()[account]:
            return Reason.INSUFFICIENT_CASH
        taken = self.held()[m.market] + self.open_buys()[m.market]
        exist = self.terms.outstanding[m.market % self.terms.symbols]
        return Reason.SHARES_OUTSTANDING if taken + m.qty > exist else Reason.NONE

    def _why_beyond_limits(self, m: Message) -> int:
        if self.limits is None or self.forced:
            return Reason.NONE
        return self.limits.why_beyond(self, m)

    def _market(self, number: int) -> Market:
        """A market as the rules of the slow book want it."""
        symbol, env = number % self.terms.symbols, self.env(number)
        market = Market(number, self.terms.tick_sizes[symbol], self.terms.lot_sizes[symbol])
        mine = {key: o for key, o in self.live.items() if key[0] == env and o.market == number}
        market.live = {order_id: o for (_, order_id), o in mine.items()}  # type: ignore[misc]
        return market

    # -- what is set aside and held

    def need(self, price: int, qty: int) -> int:
        """The most that buying can cost, each share with the worst fee, rounded up."""
        ppm = max(self.terms.maker_ppm, self.terms.taker_ppm, 0)
        return (price + ceil(Fraction(price * ppm, MILLION))) * qty

    def asked(self) -> Iterator[Open]:
        """Live orders and orders on their way of everybody but the pool."""
        yield from (o for o in self.live.values() if o.agent != POOL)
        for _, m in self.travelling:
            if m.msg_type != MsgType.CANCEL:
                yield Open(m.agent, m.market, m.side, m.price, m.qty)

    def reserved_cash(self) -> dict[Account, int]:
        """Cash set aside by account."""
        total: dict[Account, int] = defaultdict(int)
        for o in self.asked():
            if o.side == Side.BUY:
                total[self.env(o.market), o.agent] += self.need(o.price, o.qty)
        return total

    def reserved_shares(self) -> dict[Holding, int]:
        """Shares set aside by account and symbol."""
        total: dict[Holding, int] = defaultdict(int)
        for o in self.asked():
            if o.side == Side.SELL:
                total[self.holding(o.market, o.agent)] += o.qty
        return total

    def open_buys(self) -> dict[int, int]:
        """Shares asked for by market."""
        total: dict[int, int] = defaultdict(int)
        for o in self.asked():
            if o.side == Side.BUY:
                total[o.market] += o.qty
        return total

    def held(self) -> dict[int, int]:
        """Shares that others than the pool have, by market."""
        total: dict[int, int] = defaultdict(int)
        for (env, agent, symbol), qty in self.qty.items():
            if agent != POOL:
                total[env * self.terms.symbols + symbol] += qty
        return total

    def most(self, key: Holding, m: Message | None = None) -> int:
        """The largest position, either way, that live orders (and one more) can lead to."""
        env, agent, symbol = key
        market = env * self.terms.symbols + symbol
        asked = {Side.BUY: 0, Side.SELL: 0}
        for o in (*self.asked(), *([] if m is None else [m])):
            if (o.agent, o.market) == (agent, market):
                asked[Side(o.side)] += o.qty
        return max(self.qty[key] + asked[Side.BUY], asked[Side.SELL] - self.qty[key], 0)

    def equity(self, account: Account) -> int:
        """What an account is worth at the last prices."""
        env, symbols = account[0], range(self.terms.symbols)
        last = [self.last[env * len(symbols) + symbol] for symbol in symbols]
        return self.cash[account] + sum(self.qty[(*account, s)] * last[s] for s in symbols)

    def env(self, market: int) -> int:
        """Environment of a market."""
        return market // self.terms.symbols

    def holding(self, market: int, agent: int) -> Holding:
        """Key of an agent's shares."""
        return self.env(market), agent, market % self.terms.symbols

    # -- what happens

    def book(self, e: Event) -> None:
        """Follow one event of the venue."""
        kind, key = e["exec_type"], (self.env(e["market"]), e["order_id"])
        if kind == ExecType.NEW:
            self.live[key] = Open(e["agent"], e["market"], e["side"], e["limit_price"], e["qty"])
            self.latest[self.holding(e["market"], e["agent"]), e["side"]] = e["order_id"]
        elif kind == ExecType.TRADE:
            self._trade(e)
        elif kind == ExecType.REPLACED:
            self.live[key].price, self.live[key].qty = e["limit_price"], e["leaves"]
        elif kind in (ExecType.CANCELED, ExecType.EXPIRED):
            assert self.live.pop(key).qty == e["qty"], "everything that was open is cancelled"

    def _trade(self, e: Event) -> None:
        market, price, qty = e["market"], e["price"], e["qty"]
        for order_id in (e["order_id"], e["contra_id"]):
            self._take((self.env(market), order_id), qty)
        parties = (e["agent"], e["contra_agent"])
        buyer, seller = parties if e["side"] == Side.BUY else parties[::-1]
        self._sell(market, seller, price, qty)
        self._buy(market, buyer, price, qty)
        self.last[market] = price
        for agent, ppm in zip(parties, (self.terms.taker_ppm, self.terms.maker_ppm), strict=True):
            fee = floor(Fraction(price * qty * ppm, MILLION))
            self.cash[self.env(market), agent] -= fee
            self.fees[self.env(market), agent] += fee
            self.cash[self.env(market), HOUSE] += fee

    def _take(self, key: tuple[int, int], qty: int) -> None:
        self.live[key].qty -= qty
        assert self.live[key].qty >= 0, "no order fills beyond its quantity"
        if self.live[key].qty == 0:
            del self.live[key]

    def _buy(self, market: int, agent: int, price: int, qty: int) -> None:
        holding = self.holding(market, agent)
        self.cash[holding[:2]] -= price * qty
        self.qty[holding] += qty
        if agent == POOL:
            self.pool[market].bought += qty
            self.pool[market].paid += price * qty
            return
        covered = min(qty, max(qty - self.qty[holding], 0))  # its quantity has been added
        if covered:
            short = qty - self.qty[holding]
            proceeds = floor(Fraction(-self.cost[holding] * covered, short))
            self.cost[holding] += proceeds
            self.realized[holding] += proceeds - price * covered
        self.cost[holding] += price * (qty - covered)

    def _sell(self, market: int, agent: int, price: int, qty: int) -> None:
        """Shares leave at their average cost, rounded down; the rest of the cost stays.

        What is sold short has a negative cost: what it brought in.
        """
        holding = self.holding(market, agent)
        self.cash[holding[:2]] += price * qty
        if agent == POOL:
            self.pool[market].sold += qty
            self.pool[market].received += price * qty
        else:
            owned = min(qty, max(self.qty[holding], 0))
            if owned:
                cost = floor(Fraction(self.cost[holding] * owned, self.qty[holding]))
                self.cost[holding] -= cost
                self.realized[holding] += price * owned - cost
            self.cost[holding] -= price * (qty - owned)
        self.qty[holding] -= qty
