"""How agents who follow a model act: its actions as orders, as in the environment it learned in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np

from qtg.schemas import F64, I64, PRICE_SCALE, Orders, OrdType, allocate

from ..errors import ContractMismatch, ModelError
from ..exchange import Exchange
from ..models.card import ActionForm, Card
from .moves import Quotes, QuoteTerms, cancel, invested, quotes, towards, traded
from .population import Members


class Sight(NamedTuple):
    """What hands look at."""

    scenes: F64  # (agent, column)
    column: Mapping[str, int]  # place of each column
    names: tuple[str, ...]  # what columns call the symbols that are traded


class Hands(Protocol):
    """Turns actions into orders."""

    most: int  # orders of an agent in a tick, at most

    def orders(self, exchange: Exchange, rows: I64, actions: np.ndarray) -> list[Orders]:
        """What the agents in `rows`, int64 (n,), send for their actions (n, ...); good until they
        act again."""


class _Sender:
    """Order rows of members, addressed; views of columns that are written again in each turn."""

    def __init__(self, members: Members, exchange: Exchange, most: int) -> None:
        self._members = members
        self._listed = exchange.terms.symbols
        self.accounts = members.env.astype(np.int64) * exchange.n_agents + members.agent
        self._blank, self._written = allocate(Orders, most * len(members.agent)), 0

    def begin(self) -> None:
        """Begin a turn: what was written before may be written over."""
        self._written = 0

    def orders(self, rows: I64, place: I64 | int) -> Orders:
        """A new order for each row, of its symbol at `place` among those that it may trade."""
        members = self._members
        first, last = self._written, self._written + len(rows)
        self._written = last
        orders = Orders._make(column[first:last] for column in self._blank)
        for name in ("msg_type", "ord_type", "tif", "exec_inst", "price", "order_id"):
            getattr(orders, name)[:] = 0
        orders.agent[:] = members.agent[rows]
        orders.market[:] = members.env[rows] * self._listed + members.symbols[place]
        orders.latency_ticks[:] = members.latency[rows]
        return orders


class Trader:
    """Market orders: of `Trading-v0`, by code or to a target, and of `DailyInvestor-v0`."""

    def __init__(self, exchange: Exchange, sight: Sight, members: Members, card: Card) -> None:
        self._sight, self.most = sight, len(sight.names)
        self._sender = _Sender(members, exchange, self.most)
        self._invests = card.environment == "qtg/DailyInvestor-v0"
        self._target = not self._invests and measure(card, "target", bool)
        self._size = 0 if self._target else measure(card, "size", int)
        self._most = measure(card, "most", int) if self._target else 0
        self._lot = np.array([members.listed[at].lot_size for at in members.symbols], np.int64)
        self._held = np.array([sight.column[f"{name}.position"] for name in sight.names])
        if (self._size % self._lot).any():
            raise ModelError(
                f"the model trades {self._size} shares at once, which is not a multiple of the lot "
                f"sizes {self._lot.tolist()}; give its agents other `symbols`"
            )
        _check_form(card, _trading_form(self._target, len(sight.names)))

    def orders(self, exchange: Exchange, rows: I64, actions: np.ndarray) -> list[Orders]:
        asked = actions.reshape(len(rows), -1)
        if self._target:
            held = self._sight.scenes[rows[:, np.newaxis], self._held]
            wanted = towards(asked, held, self._most, self._lot)
        else:
            wanted = invested(asked, self._size) if self._invests else traded(asked, self._size)
        row, place = np.nonzero(wanted)
        self._sender.begin()
        signed = wanted[row, place]
        orders = self._sender.orders(rows[row], place)
        orders.ord_type[:] = OrdType.MARKET
        orders.side[:], orders.qty[:] = np.sign(signed), np.abs(signed)
        return [orders]


class Quoter:
    """Both sides of one symbol, of `MarketMaking-v0`."""

    most = 4  # two cancels, two quotes

    def __init__(self, exchange: Exchange, sight: Sight, members: Members, card: Card) -> None:
        self._sight, self._sender = sight, _Sender(members, exchange, self.most)
        _check_form(card, ActionForm("box", (), (-1.0,) * 4, (1.0,) * 4))
        if len(sight.names) != 1:
            raise ModelError(f"a market maker quotes one symbol, not {len(sight.names)}")
        (name,), self._symbol = sight.names, int(members.symbols[0])
        listed = members.listed[self._symbol]
        widest, size, most = (measure(card, each, int) for each in ("widest", "size", "most"))
        self._terms = QuoteTerms(widest, size, most, listed.tick_size_units, listed.lot_size)
        self._mid, self._held = sight.column[f"{name}.mid"], sight.column[f"{name}.position"]

    def orders(self, exchange: Exchange, rows: I64, actions: np.ndarray) -> list[Orders]:
        positions, sent = exchange.ledger.positions, []
        self._sender.begin()
        accounts = self._sender.accounts[rows]
        for ids in (positions.bid_id, positions.ask_id):
            live = ids[accounts, self._symbol]
            its = np.flatnonzero(live)
            sent.append(self._sender.orders(rows[its], 0))
            cancel(sent[-1], live[its])
        scenes = self._sight.scenes
        mid = np.rint(scenes[rows, self._mid] * PRICE_SCALE)
        both: tuple[Quotes, Quotes] = quotes(actions, mid, scenes[rows, self._held], self._terms)
        for side in both:
            sent.append(self._sender.orders(rows[side.row], 0))
            side.write(sent[-1])
        return sent


_HANDS: dict[str, type[Trader] | type[Quoter]] = {
    "qtg/Trading-v0": Trader,
    "qtg/DailyInvestor-v0": Trader,
    "qtg/MarketMaking-v0": Quoter,
}


def hands_for(card: Card, members: Members, exchange: Exchange, sight: Sight) -> Hands:
    """What turns a model's actions into orders.

    Raises
    ------
    ModelError          it was trained for something that a running market does not have, or does
        not say how its actions are measured
    ContractMismatch    its actions are not those of its environment
    """
    if card.environment not in _HANDS:
        raise ModelError(
            f"a model of {card.environment or 'an unknown environment'} cannot trade in a running "
            f"market; one of {', '.join(_HANDS)} can"
        )
    return _HANDS[card.environment](exchange, sight, members, card)


def measure(card: Card, name: str, kind: type, least: int = 1) -> Any:
    """A setting of the environment that a model was trained in: a switch, or a number of at least
    `least`."""
    value: Any = card.contract.environment.get(name)
    fits = type(value) is kind
    if not fits or (kind is int and value < least):
        raise ModelError(
            f"the model's contract has the {name} {value!r} for {card.environment}; export it with "
            "the contract of the environment that it was trained in"
        )
    return value


def _trading_form(target: bool, symbols: int) -> ActionForm:
    if target:
        return ActionForm("box", (), (-1.0,) * symbols, (1.0,) * symbols)
    return ActionForm("discrete" if symbols == 1 else "multi_discrete", (3,) * symbols)


def _check_form(card: Card, form: ActionForm) -> None:
    if card.actions != form:
        raise ContractMismatch(
            f"the model's actions are {card.actions}, but those of {card.environment} with its "
            f"settings are {form}; export it with the contract that it was trained with"
        )
