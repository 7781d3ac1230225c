"""Accounts in reserve: they do nothing until somebody trades with them, and start with what that
somebody brings."""

import numpy as np
import pytest

import qtg
from tests.simulation.small import FIRST, lively, quiet, start

GUESTS = {"kind": "guest", "count": 3, "cash": 500}
FIRST_GUEST = FIRST + 4  # after the idle accounts of `quiet`


def with_guests(config: qtg.Config) -> qtg.Config:
    return config.with_(smart=[*config.smart, GUESTS])


def test_guests_send_nothing() -> None:
    sim = start(with_guests(lively()))
    guests, seen = sim.agents("guest"), set()
    sim.add_hook(lambda sim: seen.update(sim.exchange.events.agent[: sim.exchange.n_events]))
    sim.run(40)
    assert len(seen) > 10
    assert not seen & set(guests.tolist())
    assert (sim.exchange.ledger.accounts.cash[guests] == 5_000_000).all()


def test_an_opened_account_starts_with_its_cash() -> None:
    sim = start(with_guests(quiet({"limits.drawdown": 0.5})), envs=(0, 3)).run(2)
    told = sim.open_account(FIRST_GUEST + 1, "100.25")
    assert (told.sequence, told.tick, told.columns.cash.tolist()) == (1, 3, [1_002_500])
    accounts, n = sim.exchange.ledger.accounts, sim.exchange.n_agents
    assert accounts.cash[FIRST_GUEST + 1] == 5_000_000
    sim.submit({"agent": [FIRST_GUEST + 1], "price": [1_000_000], "qty": [1]})
    sim.step()
    rows = np.array([FIRST_GUEST + 1, n + FIRST_GUEST + 1])
    assert accounts.cash[rows].tolist() == accounts.start_cash[rows].tolist() == [1_002_500] * 2
    assert accounts.peak_equity[rows].tolist() == [1_002_500] * 2
    assert accounts.reserved[rows].tolist() == [1_000_000, 0]
    sim.run(3)


@pytest.mark.parametrize(
    ("agent", "cash", "says"),
    [
        (FIRST, 100, "no guest"),
        (999, 100, "no guest"),
        (FIRST_GUEST, -1, "0 to 1e12"),
        (FIRST_GUEST, 1e13, "0 to 1e12"),
        (FIRST_GUEST, "much", "not a number"),
        (FIRST_GUEST, "0.00001", "finer"),
    ],
)
def test_what_cannot_be_opened_is_refused(agent: int, cash: float, says: str) -> None:
    sim = start(with_guests(quiet()))
    with pytest.raises(qtg.ConfigError, match=says):
        sim.open_account(agent, cash)
    assert sim.inputs.sequence == 0


def test_who_has_traded_is_not_opened_again() -> None:
    sim = start(with_guests(quiet()))
    sim.submit({"agent": [FIRST_GUEST], "price": [1_000_000], "qty": [1]})
    sim.step()
    with pytest.raises(qtg.ConfigError, match="traded already"):
        sim.open_account(FIRST_GUEST, 100)


def test_a_run_without_guests_says_so() -> None:
    with pytest.raises(qtg.ConfigError, match="no agents of kind 'guest'"):
        start(quiet()).open_account(2, 100)
