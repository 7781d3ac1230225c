"""Several learners in one market, as PettingZoo wants them.

from qtg.gym.petting_zoo import parallel_env
env = parallel_env("qtg/Trading-v0", learners=4)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np
from gymnasium import Space
from pettingzoo import ParallelEnv

from qtg.schemas import F64

from ..contract import Contract
from ..errors import ConfigError
from ..number_checks import check_counts
from .actions import checked_action
from .makers import made_by, market_batches, role_of
from .market_batch import MarketBatch
from .seeds import Seeds
from .single import line_about
from .styles import settings_in

_ROW = np.zeros(1, np.int64)
_SHARED = ("ticks", "steps")  # what all roles of a market have in common
_NAMES = {
    "qtg/Trading-v0": "trader",
    "qtg/MarketMaking-v0": "maker",
    "qtg/Execution-v0": "executor",
    "qtg/DailyInvestor-v0": "investor",
}

Infos = dict[str, dict[str, Any]]


class _Seat(NamedTuple):
    """Where a learner is found."""

    role: int
    row: int  # of the role's batch


class LearnersEnv(ParallelEnv[str, np.ndarray, Any]):  # type: ignore[misc]
    """Learners who trade in one market, with the others there and with each other.

    Agents are named by role and number, "maker_0", "trader_0", "trader_1", ...; `possible_agents`
    lists them role by role. In a step their orders are sent in this order, whatever the order of
    the actions, and arrive as the market's `venue.matching` says: "price_time" in the same order,
    "shuffled", which the default market has, in a seeded random one.

    A learner whose own episode ends, by ruin or as his work is done, leaves: his orders are
    withdrawn, what he holds stays his, and the others go on.

    Parameters
    ----------
    roles : mapping    a MarketBatch for each role, all on the same markets, of one environment
    render_mode : str, optional    "ansi": `render` says in lines where learners stand
    """

    metadata = {
        "name": "qtg_learners_v0",
        "render_modes": ["ansi"],
        "render_fps": 1,
        "is_parallelizable": True,
    }

    def __init__(self, roles: Mapping[str, MarketBatch], render_mode: str | None = None) -> None:
        if render_mode not in (None, "ansi"):
            raise ConfigError(f'render_mode must be "ansi" or nothing, got {render_mode!r}')
        self.render_mode = render_mode
        self._roles = list(roles.values())
        self._markets = self._roles[0].markets
        if self._markets.num_envs != 1:
            raise ConfigError(f"learners share one market, not {self._markets.num_envs}")
        self._seats = {
            f"{name}_{row}": _Seat(k, row)
            for k, (name, role) in enumerate(roles.items())
            for row in range(role.num_envs)
        }
        self.possible_agents = list(self._seats)
        self.agents: list[str] = []
        self._seeds, self._seeded, self._steps = Seeds(1), False, 0

    def observation_space(self, agent: str) -> Space[Any]:
        """What the agent sees; always the same object."""
        return self._role(agent).observation_space

    def action_space(self, agent: str) -> Space[Any]:
        """What the agent can do; always the same object for a role."""
        return self._role(agent).action_space

    def observation_contract(self, agent: str) -> Contract:
        """What each number of the agent's observation is."""
        return self._role(agent).contract

    def raw_market_data(self, agent: str) -> dict[str, F64]:
        """Everything that the agent's observations are made of, by name, float64 (1,) each."""
        row = self._seats[agent].row
        raw = self._role(agent).raw_market_data()
        return {name: column[row : row + 1] for name, column in raw.items()}

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], Infos]:
        """Begin an episode with all learners: the one of `seed`, or the next."""
        if seed is not None or not self._seeded:
            drawn = int(np.random.default_rng().integers(1 << 63))
            self._seeds.give(_ROW, [drawn if seed is None else seed])
            self._seeded = True
        seeds = self._seeds.next(_ROW)
        self._markets.begin(_ROW, seeds)
        for role in self._roles:
            role.enter(np.arange(role.num_envs), np.repeat(seeds, role.num_envs))
        self.agents, self._steps = self.possible_agents[:], 0
        return self._observations(self.agents), self._infos(self.agents)

    def step(
        self, actions: dict[str, Any]
    ) -> tuple[dict[str, np.ndarray], dict[str, float], dict[str, bool], dict[str, bool], Infos]:
        """Move on by one step; all answers are by agent, for those who were there before it.

        Raises
        ------
        ConfigError    nobody is there any more, or has come yet; an agent who is there has no
                       action, or one that is not in his space; an action of somebody else
        """
        for role, of_role in zip(self._roles, self._arranged(actions), strict=True):
            role.act(of_role)
        self._markets.move(self._roles[0].ticks)
        outcomes = [role.outcome() for role in self._roles]
        self._steps += 1
        there, rewards, terminated, truncated = self.agents, {}, {}, {}
        for agent in there:
            outcome, row = outcomes[self._seats[agent].role], self._seats[agent].row
            rewards[agent] = float(outcome.reward[row])
            terminated[agent] = bool(outcome.terminated[row])
            truncated[agent] = bool(outcome.truncated[row])
        self._dismiss([agent for agent in there if terminated[agent]])
        self.agents = [each for each in there if not (terminated[each] or truncated[each])]
        infos = self._infos(there)
        return self._observations(there), rewards, terminated, truncated, infos

    def state(self) -> np.ndarray:
        """What all possible agents see, one after the other, float32 (n,)."""
        return np.concatenate(list(self._observations(self.possible_agents).values()))

    def render(self) -> str | None:
        """A line about each agent, in mode "ansi"."""
        if self.render_mode is None:
            return None
        infos = self._infos(self.agents)
        return "\n".join(f"{agent}: {line_about(self._steps, infos[agent])}" for agent in infos)

    def close(self) -> None:
        """Let go of the batches; it can be called again."""
        for role in self._roles:
            role.close()

    def _role(self, agent: str) -> MarketBatch:
        if agent not in self._seats:
            raise ConfigError(f"no agent {agent!r}; there are {', '.join(self.possible_agents)}")
        return self._roles[self._seats[agent].role]

    def _arranged(self, actions: Mapping[str, Any]) -> Iterator[np.ndarray]:
        """Actions of each role, (row, ...); those who have left do nothing."""
        if not self.agents:
            raise ConfigError("no episode is going on; call reset first")
        for agent in actions:
            if agent not in self.agents:
                self._role(agent)
                raise ConfigError(f"agent {agent} has left; give actions of {self.agents} only")
        arranged = [
            np.zeros((role.num_envs, *(role.action_space.shape or ())), role.action_space.dtype)
            for role in self._roles
        ]
        for agent in self.agents:
            if agent not in actions:
                raise ConfigError(f"agent {agent} has no action")
            role, row = self._seats[agent]
            space = self._roles[role].action_space
            arranged[role][row] = checked_action(actions[agent], space, f"agent {agent}")
        return iter(arranged)

    def _dismiss(self, agents: Sequence[str]) -> None:
        if not agents:
            return
        seats = [self._seats[agent] for agent in agents]
        rows = [self._roles[role].market.agents[row] for role, row in seats]
        self._markets.dismiss(0, np.array(rows))

    def _observations(self, agents: Sequence[str]) -> dict[str, np.ndarray]:
        seen = []
        for role in self._roles:
            shape = role.num_envs, *(role.observation_space.shape or ())
            seen.append(np.empty(shape, np.float32))
            role.observe(seen[-1])
        return {agent: seen[self._seats[agent].role][self._seats[agent].row] for agent in agents}

    def _infos(self, agents: Sequence[str]) -> Infos:
        columns = [role.info() for role in self._roles]
        return {
            agent: {
                name: column[self._seats[agent].row].item()
                for name, column in columns[self._seats[agent].role].items()
            }
            for agent in agents
        }


def parallel_env(
    env: str | None = None,
    *,
    learners: int = 2,
    roles: Mapping[str, Mapping[str, Any]] | None = None,
    render_mode: str | None = None,
    **settings: Any,
) -> LearnersEnv:
    """Several learners in one market.

    Parameters
    ----------
    env : str         an environment's name, "qtg/Trading-v0": all learners have its task
    learners : int    how many
    roles : mapping   instead of both, what each role does: {"maker": {"env": "qtg/MarketMaking-v0",
        "learners": 2, "widest": 10}, "trader": {"env": "qtg/Trading-v0"}}; `learners` is 1 if left
        out, and the rest are settings of the environment, but those that all share
    settings          of the environment; with `roles` those that all share: config, starts, ticks,
        steps

    Raises
    ------
    ConfigError    an environment or a setting that there is none of, or that makes no sense

    Examples
    --------
    >>> env = parallel_env("qtg/Trading-v0", learners=2, steps=10, starts=1)
    >>> observations, infos = env.reset(seed=1)
    >>> sorted(observations)
    ['trader_0', 'trader_1']
    """
    if (env is None) == (roles is None):
        raise ConfigError("name either an environment or roles")
    market = {name: settings.pop(name) for name in ("config", "starts") if name in settings}
    if roles is None:
        named = {_NAMES.get(str(env), "learner"): {"env": env, "learners": learners, **settings}}
        settings = {}
    else:
        whole = isinstance(roles, Mapping) and all(isinstance(r, Mapping) for r in roles.values())
        if not roles or not whole:
            raise ConfigError(
                'roles must be settings by name, such as {"maker": {"env": "qtg/MarketMaking-v0"}}'
            )
        named = {name: dict(role) for name, role in roles.items()}
    made = [_role(name, role) for name, role in deepcopy(named).items()]
    unknown = sorted(set(settings) - set(_SHARED))
    if unknown:
        raise ConfigError(
            f"no setting {unknown[0]!r} beside roles; there are config, starts, ticks, steps"
        )
    common = {name: _common(name, [each for *_, each in made], settings) for name in _SHARED}
    built = [role_of(make, {**own, **common}, count) for make, count, own in made]
    batches = market_batches(built, 1, **market)
    return LearnersEnv(dict(zip(named, batches, strict=True)), render_mode)


def _role(name: str, given: dict[str, Any]) -> tuple[Any, int, dict[str, Any]]:
    """Task, number of learners, and the settings of a role."""
    if not isinstance(name, str) or "env" not in given:
        raise ConfigError(f"role {name!r} needs an environment: give its `env`")
    make_task, settings = made_by(given.pop("env"))
    learners = given.pop("learners", 1)
    check_counts(f"role {name}", learners=learners)
    return (
        make_task,
        learners,
        settings_in(make_task.__name__, given.pop("style", None), {**settings, **given}),
    )


def _common(name: str, roles: Sequence[dict[str, Any]], settings: Mapping[str, Any]) -> int:
    """What all roles have of a setting, taken out of their own."""
    default = {"ticks": 1, "steps": 200}[name]
    own = [role.pop(name, default) for role in roles]
    if name in settings:
        value: int = settings[name]
        return value
    if any(each != own[0] for each in own):
        said = " and ".join(map(str, dict.fromkeys(own)))
        raise ConfigError(f"roles have different {name}, {said}; give one beside the roles")
    shared: int = own[0]
    return shared
