"""Avellaneda-Stoikov makers, against equations 29 and 30 written out."""

import math
from typing import Any

import numpy as np
import pytest

import qtg
from qtg.schemas import MsgType, Side
from tests.reference.rules import Message
from tests.sizes import sized

from . import rules
from .market import Outgoing, market, population, set_last
from .moving import MAKERS, NOISE, SYMBOLS, TICKS, Moving, at_ticks, config_of, uniform

PARAMS = {
    "risk_aversion": uniform(0.05, 0.4),
    "arrival_decay": uniform(20, 80),
    "horizon": uniform(10, 80),
    "window": uniform(4, 9),
    "size": uniform(50, 300),
}
STEP = 100  # of every symbol here [1e-4]


# Shares for two asks, as a replaced one is set aside beside the old.
def makers(count: int = 5, **fields: Any) -> dict[str, Any]:
    base = {"kind": "avellaneda_stoikov", "count": count, "cash": 1e8, "shares": 20_000}
    return {**base, "params": PARAMS, **fields}


class Quoting(Moving):
    """A market that Avellaneda-Stoikov makers share with others, and what they sent."""

    def __init__(self, **fields: Any) -> None:
        wide = {**MAKERS, "params": {**MAKERS["params"], "half_spread": 0.001}}
        super().__init__(config_of(smart=[wide, NOISE, makers(**fields)]))
        self.out = Outgoing(self.sim)
        self.run()

    def expected(self, i: int, symbol: int) -> list[tuple[int, int] | None]:
        """(bid, ask) of a maker in every tick; None before it knows the volatility."""
        p = self.params(i)
        agent = int(self.members.agent[i])
        bars = rules.return_deviation(self.closes()[:, symbol], int(p["window"]))
        out: list[tuple[int, int] | None] = []
        for row, of_bar in enumerate(at_ticks(bars, self.bar, TICKS)):
            if math.isnan(of_bar):
                out.append(None)
                continue
            mid = self.mid[row, symbol] / 1e4
            sigma = of_bar * mid / math.sqrt(self.bar)  # of the price, in a tick
            held = self.held[row, agent, symbol] - self.members.shares[i, symbol]
            bid, ask = rules.reservation_quotes(mid, held / p["size"], sigma, p)
            low = max(math.floor(bid * 1e4 / STEP), 1) * STEP
            out.append((low, max(math.ceil(ask * 1e4 / STEP) * STEP, low + STEP)))
        return out


def quotes_sent(seen: Quoting, i: int, symbol: int) -> dict[int, list[Message]]:
    agent, sent = int(seen.members.agent[i]), dict[int, list[Message]]()
    for tick, m in seen.out.sent:
        if (m.agent, m.market) == (agent, symbol):
            sent.setdefault(tick, []).append(m)
    return sent


def check(seen: Quoting) -> tuple[int, int]:
    """Every quote sent is on the maker's price of that tick; (quotes, of them skewed)."""
    quotes = skewed = 0
    for i in range(len(seen.members.agent)):
        agent, size = int(seen.members.agent[i]), int(seen.params(i)["size"])
        every = seen.members.population.every
        for symbol in seen.members.symbols.tolist():
            lot = SYMBOLS[symbol].get("lot_size", 1)
            sent, wanted = quotes_sent(seen, i, symbol), seen.expected(i, symbol)
            resting = [0, 0]
            for tick, quote in enumerate(wanted, 1):
                turn = quote is not None and (tick + agent + symbol) % every == 0
                messages = sent.get(tick, [])
                if not turn:
                    assert messages == []
                    continue
                assert quote is not None
                held = int(seen.held[tick - 1, agent, symbol])
                most = {quote[0]: size // lot * lot, quote[1]: min(size, held) // lot * lot}
                for m in messages:
                    assert m.price in quote
                    assert m.qty == most[m.price]
                    if m.msg_type == MsgType.NEW:
                        assert m.price == quote[0 if m.side == Side.BUY else 1]
                    resting[quote.index(m.price)] = m.price
                assert resting[0] == quote[0]
                assert resting[1] == quote[1]
                skewed += held != seen.members.shares[i, symbol]
                quotes += len(messages)
    return quotes, skewed


@pytest.mark.parametrize("fields", [{}, pytest.param({"every": 3}, marks=pytest.mark.compiled)])
def test_quotes_are_those_of_the_paper(fields: dict[str, Any]) -> None:
    quotes, skewed = check(Quoting(**fields))
    assert quotes > sized(1_000, 100)
    assert skewed > sized(500, 20), "inventories moved"


def scene(inventory: int = 0, **params: float) -> Outgoing:
    """A maker with 500 shares, and `inventory` more than it wants, before its first quote."""
    given = {"risk_aversion": 0.1, "arrival_decay": 50, "horizon": 100, "window": 4, "size": 50}
    group = population("avellaneda_stoikov", shares=500, params={**given, **params})
    seen = market(group, bar_ticks=1)
    for percent in (100, 100.3, 99.9, 100.2):
        set_last(seen.sim, round(percent * 100) * 100)
        assert seen.step() == [], "4 returns need 5 prices"
    positions = seen.sim.exchange.ledger.positions
    positions.qty[6, 0] += inventory
    positions.qty[0, 0] -= inventory
    seen.sim.exchange.ledger.holdings.held[0] += inventory
    set_last(seen.sim, 1_000_000)
    return seen


def first_quotes(inventory: int = 0, **params: float) -> tuple[int, int]:
    bid, ask = scene(inventory, **params).step()
    assert (bid.side, ask.side) == (Side.BUY, Side.SELL)
    return bid.price, ask.price


def test_the_first_quotes_by_hand() -> None:
    returns = np.diff(np.log([100.0, 100.3, 99.9, 100.2, 100.0]))
    variance = (np.std(returns, ddof=1) * 100.0) ** 2  # of the price in a tick, as a bar is one
    half = 0.5 * 0.1 * variance * 100 + math.log(1 + 0.1 / 50) / 0.1
    assert first_quotes() == (
        math.floor((100 - half) * 100) * 100,
        math.ceil((100 + half) * 100) * 100,
    )


def test_both_quotes_fall_as_the_inventory_grows() -> None:
    quotes = [first_quotes(inventory) for inventory in (-100, 0, 50, 100)]
    assert quotes == sorted(quotes, reverse=True)
    assert len(set(quotes)) == 4
    widths = [ask - bid for bid, ask in quotes]
    assert max(widths) - min(widths) <= STEP, "the spread does not depend on it (equation 30)"


def test_what_widens_the_spread() -> None:
    plain = first_quotes()
    width = plain[1] - plain[0]
    for params, wider in (
        ({"risk_aversion": 0.4}, True),
        ({"horizon": 200}, True),
        ({"arrival_decay": 500.0}, False),
    ):
        bid, ask = first_quotes(**params)
        assert (ask - bid > width) == wider, params


def test_nothing_before_it_knows_the_volatility() -> None:
    group = population("avellaneda_stoikov", params={"window": 30})
    seen = market(group, bar_ticks=1)
    assert [seen.step() for _ in range(30)] == [[]] * 30
    assert len(seen.step()) == 2


def test_without_movement_the_spread_is_that_of_arrivals() -> None:
    given = {"risk_aversion": 0.1, "arrival_decay": 20, "window": 2, "size": 50}
    seen = market(population("avellaneda_stoikov", params=given), bar_ticks=1)
    for _ in range(2):
        assert seen.step() == []
    half = math.log(1 + 0.1 / 20) / 0.1
    assert [m.price for m in seen.step()] == [
        math.floor((100 - half) * 100) * 100,
        math.ceil((100 + half) * 100) * 100,
    ]


def test_who_has_no_shares_quotes_bids_only() -> None:
    seen = market(population("avellaneda_stoikov", shares=0, params={"window": 2}), bar_ticks=1)
    sent = [m for _ in range(3) for m in seen.step()]
    assert [m.side for m in sent] == [Side.BUY]


@pytest.mark.parametrize("kind", ["market_maker", "avellaneda_stoikov"])
def test_a_maker_of_some_symbols_begins_centred(kind: str) -> None:
    """What it begins with is the inventory it returns to, whatever else is listed."""
    names = [{"symbol": name, "initial_price": "100.00"} for name in "ABCD"]
    params = {"window": 2} if kind == "avellaneda_stoikov" else {"half_spread": 0.001, "skew": 0.01}
    group = population(kind, shares=10_000, params=params, symbols=["B"])
    seen = market(group, symbols=names, bar_ticks=1)
    sent: list[Message] = []
    for price in (1_010_000, 995_000, 1_000_000):
        set_last(seen.sim, price, 1)
        sent = sent or seen.step()
    bid, ask = sent
    assert abs((bid.price + ask.price) / 2 - 1_000_000) <= STEP


def test_every_parameter_counts() -> None:
    """One that nothing reads would be set in vain."""
    base = {"risk_aversion": 0.1, "arrival_decay": 50, "horizon": 100, "window": 4, "size": 50}
    assert set(qtg.kinds()["avellaneda_stoikov"].params) == set(base)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"risk_aversion": 0}, "risk_aversion of avellaneda_stoikov can be 0; give more than 0"),
        ({"arrival_decay": 0}, "give more than 0"),
        ({"horizon": 0}, "give more than 0"),
        ({"window": 1}, "give 2 or more"),
        ({"size": 0}, "give more than 0"),
    ],
)
def test_parameters_without_quotes_are_refused(params: dict[str, float], message: str) -> None:
    with pytest.raises(qtg.ConfigError, match=message):
        market(population("avellaneda_stoikov", params=params))
