"""The slow ledger with short sales: locates, fees, recalls and buy-ins.

Written from docs/adr/0010-rules-of-the-market.md; who has located what is worked out afresh from all
orders each time. Knows no kernel.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

from qtg.schemas import BorrowEvent, MsgType, OrdType, Reason, Side

from .ledger import FIRST_AGENT, MAX_NOTIONAL, POOL, Account, Holding, SlowLedger
from .rules import Message

Notice = tuple[int, int, int, int, int]  # market, agent, BorrowEvent, quantity, due tick


@dataclass
class BorrowRules:
    """What holds for borrowing."""

    pool: Fraction
    max_short: int
    initial: Fraction
    maintenance: Fraction
    fee_bps: int
    recall_ticks: int
    ticks_per_year: int
    may_short: set[int]


@dataclass
class BorrowingLedger(SlowLedger):
    """Accounts that may be short."""

    rules: BorrowRules = None  # type: ignore[assignment]
    owed: dict[Holding, int] = field(default_factory=lambda: defaultdict(int))
    borrow_fees: dict[Account, int] = field(default_factory=lambda: defaultdict(int))
    recalled: dict[Holding, int] = field(default_factory=lambda: defaultdict(int))
    due: dict[Holding, int] = field(default_factory=lambda: defaultdict(int))
    notices: list[Notice] = field(default_factory=list)

    # -- what is short

    def short(self) -> dict[int, int]:
        """Shares short by market."""
        total: dict[int, int] = defaultdict(int)
        for (env, agent, symbol), qty in self.qty.items():
            if agent != POOL:
                total[env * self.terms.symbols + symbol] += max(-qty, 0)
        return total

    def located(self) -> dict[Holding, int]:
        """What each account would be short if all its sells filled."""
        reserved = self.reserved_shares()
        return {
            key: max(reserved[key] - self.qty[key], 0)
            for key in {*reserved, *self.qty}
            if key[1] != POOL
        }

    def located_in(self) -> dict[int, int]:
        """The same by market."""
        total: dict[int, int] = defaultdict(int)
        for (env, _, symbol), shares in self.located().items():
            total[env * self.terms.symbols + symbol] += shares
        return total

    def lendable(self, market: int) -> int:
        """What a market lends in all."""
        env, symbol = divmod(market, self.terms.symbols)
        long = sum(
            max(qty, 0)
            for (e, agent, s), qty in self.qty.items()
            if (e, s) == (env, symbol) and agent != POOL
        )
        return floor(self.rules.pool * max(self.terms.outstanding[symbol] - long, 0))

    def margin(self, account: Account, covers: tuple[int, int] = (-1, 0)) -> int:
        """Cash that an account's shorts ask for, `covers` (symbol, shares) taken as covered."""
        total, located = 0, self.located()
        for symbol in range(self.terms.symbols):
            key = (*account, symbol)
            price = self.last[account[0] * self.terms.symbols + symbol]
            short = max(-self.qty[key], 0)
            pending = located.get(key, 0) - short
            if symbol == covers[0]:
                short = max(short - covers[1], 0)
            total += short * price + floor(short * price * self.rules.initial)
            total += floor(pending * price * self.rules.initial)
        return total

    # -- orders

    def _why_not_covered(self, m: Message) -> int:
        if m.price * m.qty > MAX_NOTIONAL:
            return Reason.NOTIONAL_TOO_LARGE
        return self._why_not_bought(m) if m.side == Side.BUY else self._why_not_sold(m)

    def _why_not_bought(self, m: Message) -> int:
        account = self.env(m.market), m.agent
        free = self.cash[account] - self.reserved_cash()[account]
        if self.need(m.price, m.qty) > free:
            return Reason.INSUFFICIENT_CASH
        if self.forced:
            return Reason.NONE
        key = self.holding(m.market, m.agent)
        covered = 0
        if m.agent in self.rules.may_short:
            mine = sum(
                o.qty
                for o in self.asked()
                if (o.agent, o.market, o.side) == (m.agent, m.market, Side.BUY)
            )
            covered = min(m.qty, max(-self.qty[key] - mine, 0))
        taken = self.held()[m.market] + self.short()[m.market] + self.open_buys()[m.market]
        if taken + m.qty - covered > self.terms.outstanding[key[2]]:
            return Reason.SHARES_OUTSTANDING
        if m.agent not in self.rules.may_short or covered == m.qty:
            return Reason.NONE
        left = free - self.need(m.price, m.qty)
        over = self.margin(account, (key[2], covered)) > left
        return Reason.INSUFFICIENT_MARGIN if over else Reason.NONE

    def _why_not_sold(self, m: Message) -> int:
        account, key = (self.env(m.market), m.agent), self.holding(m.market, m.agent)
        after = self.reserved_shares()[key] + m.qty - self.qty[key]
        if after <= 0:
            return Reason.NONE
        if m.agent not in self.rules.may_short:
            return Reason.INSUFFICIENT_SHARES
        if after > self.rules.max_short:
            return Reason.SHORT_LIMIT
        more = after - self.located().get(key, 0)
        if self.located_in()[m.market] + more > self.lendable(m.market):
            return Reason.NO_BORROW
        last = self.last[m.market]
        need = self.margin(account) + floor(max(m.price, last) * more * self.rules.initial)
        need += max(last - m.price, 0) * more
        over = need > self.cash[account] - self.reserved_cash()[account]
        return Reason.INSUFFICIENT_MARGIN if over else Reason.NONE

    # -- the lender

    def _buy(self, market: int, agent: int, price: int, qty: int) -> None:
        """Who covers has given back what was recalled first."""
        key = self.holding(market, agent)
        covered = min(qty, max(-self.qty[key], 0))
        self.recalled[key] = max(self.recalled[key] - covered, 0)
        super()._buy(market, agent, price, qty)

    def begin(self, tick: int) -> list[Message]:
        """Fees and recalls of a tick; the buy-ins that the exchange sends."""
        self.notices = []
        accounts = [
            (env, agent)
            for env in range(self.terms.envs)
            for agent in range(FIRST_AGENT, self.terms.n_agents)
            if agent in self.rules.may_short
        ]
        for account in accounts:
            for symbol in range(self.terms.symbols):
                self._charge(account, symbol)
        for market in range(self.terms.symbols * self.terms.envs):
            self._recall(market, [a for a in accounts if a[0] == self.env(market)], tick)
        return [m for account in accounts for m in self._buy_ins(account, tick)]

    def _charge(self, account: Account, symbol: int) -> None:
        key = (*account, symbol)
        value = max(-self.qty[key], 0) * self.last[account[0] * self.terms.symbols + symbol]
        self.owed[key] += value * self.rules.fee_bps // 10_000
        free = max(self.cash[account] - self.reserved_cash()[account], 0)
        paid = min(self.owed[key] // self.rules.ticks_per_year, free)
        self.owed[key] -= paid * self.rules.ticks_per_year
        for who, amount in ((account, paid), ((account[0], POOL), -paid)):
            self.cash[who] -= amount
            self.borrow_fees[who] += amount

    def _recall(self, market: int, accounts: list[Account], tick: int) -> None:
        symbol, lot = market % self.terms.symbols, self._lot(market)
        keys = [(*account, symbol) for account in accounts]
        excess = max(self.short()[market] - self.lendable(market), 0)
        wanted = ceil(Fraction(excess, lot)) - sum(self.recalled[key] for key in keys) // lot
        if wanted > 0:
            room = [(max(-self.qty[key], 0) - self.recalled[key]) // lot for key in keys]
        else:
            room = [self.recalled[key] // lot for key in keys]
        total, seen, given = sum(room), 0, 0
        for key, lots in zip(keys, room, strict=True):
            seen += lots
            upto = floor(Fraction(abs(wanted) * seen, total)) if total else 0
            qty, given = (upto - given) * lot, upto
            if qty and wanted < 0:
                self.recalled[key] -= qty
                self.notices.append((market, key[1], BorrowEvent.LIFTED, qty, 0))
            elif qty:
                if not self.recalled[key]:
                    self.due[key] = tick + self.rules.recall_ticks
                self.recalled[key] += qty
                self.notices.append((market, key[1], BorrowEvent.RECALL, qty, self.due[key]))

    def _buy_ins(self, account: Account, tick: int) -> list[Message]:
        messages, gap = [], self._gap(account)
        cash = self.cash[account] - self.reserved_cash()[account]
        for symbol in range(self.terms.symbols):
            key = (*account, symbol)
            market = account[0] * self.terms.symbols + symbol
            short, lot, price = max(-self.qty[key], 0), self._lot(market), self.last[market]
            margin = min(ceil(Fraction(gap, price * lot)) * lot, short) if gap > 0 else 0
            gap -= margin * price
            recalled = self.recalled[key] if self.due[key] <= tick and short else 0
            if max(margin, recalled) == 0 or market in self.halted:
                continue
            buy = Message(ord_type=OrdType.MARKET, market=market, agent=account[1], qty=1)
            each = self.need(self.worst_price(buy), 1)
            qty = min(max(margin, recalled), cash // each // lot * lot)
            if qty <= 0:
                continue
            cash -= qty * each
            sell = self.latest[key, Side.SELL]
            if (account[0], sell) in self.live:
                about = {"market": market, "agent": account[1], "order_id": sell}
                messages.append(Message(MsgType.CANCEL, **about))
            messages.append(buy._replace(qty=qty))
            event = BorrowEvent.BUY_IN if recalled > margin else BorrowEvent.MARGIN_CALL
            self.notices.append((market, account[1], event, qty, 0))
        return messages

    def _gap(self, account: Account) -> int:
        """Value of shorts that equity does not carry."""
        worth, short = self.cash[account], 0
        for symbol in range(self.terms.symbols):
            value = self.qty[(*account, symbol)]
            value *= self.last[account[0] * self.terms.symbols + symbol]
            worth, short = worth + value, short + max(-value, 0)
        if short == 0 or worth >= floor(short * self.rules.maintenance):
            return 0
        return short - floor(worth / self.rules.maintenance) if worth > 0 else short

    def _lot(self, market: int) -> int:
        return self.terms.lot_sizes[market % self.terms.symbols]
