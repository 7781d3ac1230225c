"""A run's ledger by hand: plain dicts and integers, trade after trade.

Starts from the first snapshot, reads nothing but the trades and the fees of the configuration, and
knows no kernel. Money in units of 1e-4.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

import qtg

POOL, HOUSE = 0, 1


@dataclass
class Holder:
    """What one agent has."""

    cash: int = 0
    fees: int = 0
    fills: int = 0
    volume: int = 0
    turnover: int = 0
    qty: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    cost: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    realized: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def worth(self, price: dict[str, int]) -> int:
        """Cash plus positions."""
        return self.cash + sum(qty * price[symbol] for symbol, qty in self.qty.items())

    def fill(self, symbol: str, signed: int, price: int) -> None:
        """Take over `signed` shares: first what closes the position, then what opens one."""
        self.cash -= signed * price
        self.fills, self.volume = self.fills + 1, self.volume + abs(signed)
        self.turnover += abs(signed) * price
        held = self.qty[symbol]
        closes = min(abs(signed), abs(held)) if held * signed < 0 else 0
        if closes:
            way = 1 if held > 0 else -1
            paid = floor(Fraction(way * self.cost[symbol] * closes, abs(held)))
            self.cost[symbol] -= way * paid
            self.realized[symbol] += way * (closes * price - paid)
            signed += way * closes
            held -= way * closes
        self.cost[symbol] += signed * price
        self.qty[symbol] = held + signed


@dataclass
class Books:
    """Everybody's holdings and the last prices."""

    holders: dict[int, Holder]
    price: dict[str, int]


def opening(run: qtg.Result) -> Books:
    """What was there before the first trade."""
    agents = run.table("agents", raw=True)
    held = run.table("positions", raw=True)
    first = agents["tick"].min()
    holders: dict[int, Holder] = {}
    for row in agents.filter(agents["tick"] == first).iter_rows(named=True):
        holders[row["agent"]] = Holder(row["cash"], row["fees"])
    for row in held.filter(held["tick"] == first).iter_rows(named=True):
        holder, symbol = holders[row["agent"]], str(row["symbol"])
        holder.qty[symbol], holder.cost[symbol] = row["qty"], row["cost"]
        holder.realized[symbol] = row["realized_pnl"]
    initial = run.table("instruments", raw=True)
    return Books(holders, dict(initial.select("symbol", "initial_price").iter_rows()))


def replay(run: qtg.Result, ticks: list[int]) -> Iterator[Books]:
    """The books after each of these ticks, in ascending order; one object that goes on."""
    books = opening(run)
    terms = run.config["venue"]
    maker, taker = (Fraction(str(terms[f"{who}_fee_bps"])) / 10_000 for who in ("maker", "taker"))
    trades = run.table("trades", raw=True).iter_rows(named=True)
    waiting = next(trades, None)
    for tick in ticks:
        while waiting is not None and waiting["tick"] <= tick:
            _trade(books, waiting, maker, taker)
            waiting = next(trades, None)
        yield books


def _trade(books: Books, trade: dict, maker: Fraction, taker: Fraction) -> None:
    symbol, price, qty = str(trade["symbol"]), trade["price"], trade["qty"]
    buyer, seller = trade["buyer_id"], trade["seller_id"]
    books.holders[seller].fill(symbol, -qty, price)
    books.holders[buyer].fill(symbol, qty, price)
    books.price[symbol] = price
    came, stood = (buyer, seller) if trade["side"] == "buy" else (seller, buyer)
    for agent, rate in ((came, taker), (stood, maker)):
        fee = floor(price * qty * rate)
        books.holders[agent].cash -= fee
        books.holders[agent].fees += fee
        books.holders[HOUSE].cash += fee
