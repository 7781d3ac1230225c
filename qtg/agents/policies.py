"""Tier 1: agents who follow a model, all decided in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np

from qtg.kernels.scene import ACCOUNT
from qtg.kernels.turns import draw_turns
from qtg.schemas import I64

from ..errors import ConfigError, ModelError
from ..exchange import Exchange
from ..features import Feature
from ..models.card import Card
from ..models.onnx_model import OnnxModel
from ..observation import Observation
from .board import Board
from .follower import Follower
from .hands import Sight, hands_for, measure
from .population import Members
from .scenes import READINGS, Scenes, Seen


class Policy(Protocol):
    """A model: what it observes, how it acts, and `act`."""

    card: Card
    digest: str  # of its file

    def act(self, observations: Any) -> np.ndarray:
        """The action of each row of observations, float32 (n, feature)."""


LOADERS: dict[str, Callable[[str], Policy]] = {"rl_agent": OnnxModel.load}  # by kind


class PolicyAgents(Follower):
    """Agents who see what the learner of an environment sees, and act as it does.

    They look at the end of a tick and act in the next, as a learner does: what they see is what
    an environment's observation would be, computed by the same kernels. A step has as many ticks
    as a step of the environment had, unless the population says otherwise, and `steps` of them are
    an episode: then profit and time are counted anew, and what is held stays.
    """

    STATE = ("_scenes", "_looked", "_acted")
    _model: Policy

    def __init__(self, members: Members, exchange: Exchange, board: Board) -> None:
        population = members.population
        self._path = str(population.model)
        self._model = LOADERS[members.kind.name](self._path)
        self._env, self._agent = members.env, members.agent
        self._probability = population.probability
        card = self._model.card
        with _named(self._path):
            ticks, self._steps = measure(card, "ticks", int), measure(card, "steps", int)
            self._every = ticks if population.every == 1 else population.every
            names = tuple(members.listed[at].symbol for at in members.symbols)
            features = card.contract.renamed(names).plan()
            self._scenes = _scenes(card, features, members, exchange, board)
            self._observation = Observation(features, self._scenes.column)
            sight = Sight(self._scenes.rows, self._scenes.column, names)
            self._hands = hands_for(card, members, exchange, sight)
        self._at = {name: self._scenes.column[name] for name in ACCOUNT}
        self._looked = np.zeros(self._scenes.envs, bool)  # whether they have seen anything yet
        self._acted = np.zeros(self._scenes.envs, bool)  # since they looked last
        self._exact = np.zeros((len(self._env), len(features)))
        self.most_orders = len(self._env) * self._hands.most

    @property
    def observations(self) -> np.ndarray:
        """What every agent sees, float32 (n, feature), environment after environment; new."""
        self._observation.write(self._scenes.rows, self._exact)
        return self._exact.astype(np.float32)

    def ask(self, observations: np.ndarray) -> np.ndarray:
        """What the model would do, one action for each row of observations."""
        return self._model.act(observations)

    def decide(self, exchange: Exchange) -> None:
        """Ask the model once, for all agents whose turn it is in any environment."""
        turn = self._looked & (exchange.moment.tick % self._every == 0)
        if not turn.any():
            return
        self._acted |= turn
        rows = self._rows_of(turn)
        if self._probability < 1.0:
            acts = np.empty(len(self._env), bool)
            draw_turns(self._env, self._agent, self._probability, exchange.moment, acts)
            rows = rows[acts[rows]]
        if len(rows) == 0:
            return
        observations = self.observations
        if len(rows) < len(observations):
            observations = observations[rows]
        for orders in self._hands.orders(exchange, rows, self.ask(observations)):
            exchange.write_orders(orders)

    def look(self, exchange: Exchange, warming_up: bool) -> None:
        """See the market at the end of a tick, if the next is one to act in; in every tick of the
        warm-up, as environments do."""
        if len(self._env) == 0:
            return
        self._scenes.tick_is_over(exchange)
        due = warming_up | ((exchange.moment.tick + 1) % self._every == 0)
        envs = np.flatnonzero(due)
        if len(envs) == 0:
            return
        self._scenes.look(exchange, envs)
        scenes, at, rows = self._scenes.rows, self._at, self._rows_of(due)
        step = scenes[rows, at["step"]] + self._acted[self._env[rows]]
        step[step >= self._steps] = 0.0
        scenes[rows, at["step"]], scenes[rows, at["left"]] = step, 1.0 - step / self._steps
        begins = rows[step == 0.0]
        scenes[begins, at["start"]] = scenes[begins, at["equity"]]
        self._looked[envs], self._acted[envs] = True, False

    def nbytes(self) -> int:
        """Bytes of columns."""
        return self._scenes.nbytes() + self._exact.nbytes

    def _rows_of(self, envs: np.ndarray) -> I64:
        return np.flatnonzero(envs[self._env])


@contextmanager
def _named(path: str) -> Iterator[None]:
    """Say which model a problem is of."""
    try:
        yield
    except ModelError as error:
        raise type(error)(f"{path}: {error}") from None
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def _scenes(
    card: Card, features: list[Feature], members: Members, exchange: Exchange, board: Board
) -> Scenes:
    """What the members look at: as much of the market as the features need."""
    columns = {name.rpartition(".")[2] for each in features for name in each.columns}
    seen = Seen(
        measure(card, "history", int, least=0),
        measure(card, "near", int),
        measure(card, "deep", int),
        not columns.isdisjoint(READINGS),
    )
    symbols = {int(at): members.listed[at].symbol for at in members.symbols}
    agents = members.agent[members.env == 0].astype(np.int64)
    return Scenes(exchange, board, symbols, agents, seen)
