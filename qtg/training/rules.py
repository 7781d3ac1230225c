"""What a learner is compared with: rules that anyone could follow, by task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from gymnasium.spaces import Box, Discrete, MultiDiscrete

from qtg.schemas import F64

from ..gym import (
    Batch,
    DailyInvestor,
    DealerBatch,
    Execution,
    MarketBatch,
    MarketMaking,
    Trading,
)
from ..gym.closed_forms import DealerProblem, avellaneda_stoikov, symmetric
from ..gym.rewards import Composite, InventoryPenalty, ProfitAndLoss


class Look(NamedTuple):
    """What a rule decides by."""

    batch: Any  # the environments
    seen: np.ndarray  # observations, float32 (n, feature)
    step: int  # of the episode, from 0 on
    chance: np.random.Generator


Rule = Callable[[Look], np.ndarray]
RISK_AVERSION = 0.1  # of the dealers by closed form, as in the paper


def rules_of(batch: Batch) -> dict[str, Rule]:
    """The rules for a batch's task, by name; all of them have `random`."""
    return {"random": at_random} | _own(batch)


def _own(batch: Batch) -> dict[str, Rule]:
    if isinstance(batch, DealerBatch):
        dealers = {
            "hold": constant(1.0),  # far away
            "symmetric": dealer_by(symmetric),
            "avellaneda_stoikov": dealer_by(avellaneda_stoikov),
        }
        problem = problem_of(batch)
        return dealers if problem is None else dealers | {"closed_form": best_quotes(problem)}
    task = batch.task if isinstance(batch, MarketBatch) else None
    if isinstance(task, Execution):
        return {
            "hold": always(2),
            "twap": twap,
            "market_every_step": always(0),
            "limit_then_market": limit_then_market,
        }
    if isinstance(task, DailyInvestor):
        return {"hold": always(1), "buy_and_hold": first_steps(10, 0, 1)}
    if isinstance(task, MarketMaking):
        return {"hold": always_far, "at_half": at_half}
    if isinstance(task, Trading) and not task.target and isinstance(batch.action_space, Discrete):
        return {"hold": always(0), "buy_and_hold": first_steps(1, 1, 0), "momentum": momentum}
    if isinstance(task, Trading) and task.target:
        return {"hold": constant(0.0), "buy_and_hold": constant(1.0)}
    return {"hold": always(0)} if isinstance(task, Trading) else {}


def at_random(look: Look) -> np.ndarray:
    """Any action, each as likely."""
    n, space = look.batch.num_envs, look.batch.action_space
    if isinstance(space, Discrete):
        return np.asarray(look.chance.integers(space.start, space.start + space.n, n))
    if isinstance(space, MultiDiscrete):
        return look.chance.integers(space.start, space.start + space.nvec, (n, len(space.nvec)))
    assert isinstance(space, Box)
    return look.chance.uniform(space.low, space.high, (n, *space.shape)).astype(np.float32)


def always(action: int) -> Rule:
    """The same action in every step."""
    return lambda look: np.full((look.batch.num_envs, *look.batch.action_space.shape), action)


def constant(action: float) -> Rule:
    """The same numbers in every step."""
    return lambda look: np.full(
        (look.batch.num_envs, *look.batch.action_space.shape), action, np.float32
    )


def first_steps(steps: int, first: int, then: int) -> Rule:
    """One action in the first steps, another afterwards."""
    return lambda look: np.full(look.batch.num_envs, first if look.step < steps else then)


def always_far(look: Look) -> np.ndarray:
    """No quotes: sizes of 0."""
    return np.tile(np.array([1, 1, -1, -1], np.float32), (look.batch.num_envs, 1))


def at_half(look: Look) -> np.ndarray:
    """Quotes of full size at half of the widest distance."""
    return np.tile(np.array([0, 0, 1, 1], np.float32), (look.batch.num_envs, 1))


def twap(look: Look) -> np.ndarray:
    """A market order whenever less is done than an even pace would have done by this step's end."""
    task, steps = look.batch.task, look.batch.steps
    due = task.parent * (look.step + 1) / steps
    return np.where(task.parent - task.remaining < due - 1e-9, 0, 2)


def limit_then_market(look: Look) -> np.ndarray:
    """Limit orders at the touch, until what remains needs all of the steps that are left."""
    task, left = look.batch.task, look.batch.steps - look.step - 1
    return np.where(task.remaining > task.size * left, 0, 1)


def momentum(look: Look) -> np.ndarray:
    """Hold a size of what rose over five steps, and be short of what fell, by more than half a
    spread or so."""
    batch = look.batch
    names = [each["name"].rpartition(".")[2] for each in batch.contract.features]
    if "return_5" not in names:
        return np.zeros(batch.num_envs, np.int64)
    rose, held = look.seen[:, names.index("return_5")], batch.info()["inventory"]
    wanted = np.where(np.abs(rose) > 0.2, np.sign(rose), np.sign(held)) * batch.task.size
    return np.where(wanted > held, 1, np.where(wanted < held, 2, 0))


def closing(rule: Rule, last: int) -> Rule:
    """A rule of `Trading` that gives up its position in the last steps, a size in each."""

    def close(look: Look) -> np.ndarray:
        if look.step < look.batch.steps - last:
            return rule(look)
        held = look.batch.info()["inventory"]
        return np.where(held > 0, 2, np.where(held < 0, 1, 0))

    return close


def dealer_by(closed_form: Callable[..., tuple[F64, F64]]) -> Rule:
    """Quotes of Avellaneda and Stoikov (2008)."""

    def quote(look: Look) -> np.ndarray:
        batch = look.batch
        terms, left = batch.terms, 1.0 - look.step / batch.steps
        held = batch.dealers.inventory.astype(np.float64)
        remaining = left * batch.steps * terms.dt
        known = (remaining, RISK_AVERSION, terms.volatility, terms.decay)
        actions: np.ndarray = batch.action_of(np.column_stack(closed_form(held, *known)))
        return actions

    return quote


def problem_of(batch: DealerBatch) -> DealerProblem | None:
    """The problem whose best quotes are known, if a dealer's reward is that of it."""
    terms, parts = batch.terms, getattr(batch.reward, "parts", ())
    kinds = {type(part): (weight, part) for weight, part in parts}
    if len(parts) != 2 or kinds.keys() != {ProfitAndLoss, InventoryPenalty}:
        return None
    penalty = kinds[InventoryPenalty][1]
    assert isinstance(batch.reward, Composite)
    if any(weight != 1.0 for weight, _ in parts) or penalty.dt != terms.dt:
        return None
    horizon = batch.steps * terms.dt
    return DealerProblem(
        terms.rate, terms.decay, penalty.running, penalty.terminal, horizon, terms.most
    )


def best_quotes(problem: DealerProblem) -> Rule:
    """Quotes of Cartea, Jaimungal and Penalva (2015), equation 10.11."""

    def quote(look: Look) -> np.ndarray:
        batch = look.batch
        quotes = problem.quotes(problem.horizon * (1.0 - look.step / batch.steps))
        at = batch.dealers.inventory + problem.most
        actions: np.ndarray = batch.action_of(np.column_stack([side[at] for side in quotes]))
        return actions

    return quote
