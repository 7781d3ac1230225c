"""Tier 1: a user's own strategy, a NumPy function over the rows of its agents."""

from functools import partial

import numpy as np

from qtg.schemas import PRICE_SCALE, MsgType, Orders

from ..errors import StrategyError
from ..exchange import Exchange
from .answers import answer_to_orders
from .board import Board
from .context import StrategyContext
from .failure import Benched
from .kept_columns import KeptColumns
from .population import Members
from .resting import OwnBook, read_own
from .user_group import TURN_DRAW, UserGroup, of_acting


class UserStrategy(UserGroup):
    """One call per environment and tick."""

    STATE = ("_kept",)

    def __init__(
        self, members: Members, symbols: tuple[str, ...], benched: list[Benched], board: Board
    ) -> None:
        super().__init__(members, symbols, benched)
        self._board = board
        self._readings = {
            name: board.rows(self.name, need, members.params)
            for name, need in members.kind.needs.items()
        }

        self._kept = KeptColumns.starting(
            self.name, members.kind.state, len(members.agent), len(symbols)
        )

    def nbytes(self) -> int:
        return super().nbytes() + self._kept.nbytes()

    def decide_env(self, exchange: Exchange, env: int, tick: int) -> None:
        ctx = self.context(exchange, env, tick)
        answer = self.call(f"tick {tick}", self.members.kind.decide, ctx)
        latency = self.members.latency[self.mine(env)]
        for orders in answer_to_orders(ctx, answer, latency):
            self.send(exchange, ctx, orders)
        ctx.own.end()

    def send(self, exchange: Exchange, ctx: StrategyContext, orders: Orders) -> None:
        """Write orders of those agents who act in this tick."""
        self._check_symbols(ctx, orders)
        probability = self.members.population.probability
        if probability < 1.0:
            orders = of_acting(orders, ctx.agent[ctx.uniform(TURN_DRAW) < probability])
        exchange.write_orders(orders)

    def _check_symbols(self, ctx: StrategyContext, orders: Orders) -> None:
        symbol = orders.market % len(self.symbols)
        stray = ~np.isin(symbol, self.members.symbols)
        forbidden = np.flatnonzero(stray & (orders.msg_type != MsgType.CANCEL))
        if len(forbidden):
            at = forbidden[0]
            raise StrategyError(
                f"strategy {ctx.name!r} at tick {ctx.tick}, agent {orders.agent[at]}: may not "
                f"trade {self.symbols[symbol[at]]}; add it to the population's `symbols`"
            )

    def context(self, exchange: Exchange, env: int, tick: int) -> StrategyContext:
        """What the strategy sees."""
        n_symbols = len(self.symbols)
        markets = slice(env * n_symbols, (env + 1) * n_symbols)
        view, ledger = exchange.view, exchange.ledger
        mine = self.mine(env)
        agent = self.members.agent[mine]
        rows = env * exchange.n_agents + agent
        held = ledger.positions.qty[rows]
        cash = ledger.accounts.cash[rows] - ledger.accounts.reserved[rows]
        return StrategyContext(
            name=self.name,
            tick=tick,
            symbols=self.symbols,
            agent=agent,
            params={name: values[mine] for name, values in self.members.params.items()},
            cash=cash / PRICE_SCALE,
            shares=held - ledger.positions.reserved[rows],
            position=held,
            bid=_quoted(view.bid[markets]),
            ask=_quoted(view.ask[markets]),
            mid=view.mid[markets] / PRICE_SCALE,
            last=view.last[markets] / PRICE_SCALE,
            fair_value=view.fair_value[markets] / PRICE_SCALE,
            volume=view.volume[markets].copy(),
            tick_size=view.tick_size[markets] / PRICE_SCALE,
            lot_size=view.lot_size[markets].copy(),
            sentiment=view.sentiment[markets].copy(),
            news=view.news[markets].copy(),
            indicators={
                name: self._board.values[rows[mine], markets]
                for name, rows in self._readings.items()
            },
            state=self._kept.of(slice(mine[0], mine[-1] + 1) if len(mine) else slice(0)),
            seed=exchange.moment.seed[env],
            env=env,
            env_id=int(exchange.moment.env[env]),
            own=OwnBook(partial(read_own, exchange, env, self.row_of(exchange, env))),
        )


def _quoted(price: np.ndarray) -> np.ndarray:
    return np.where(price > 0, price / PRICE_SCALE, np.nan)
