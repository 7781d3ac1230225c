"""A strategy names the indicators it reads and finds them in its context."""

import numpy as np
import pytest

import qtg
from qtg import quant
from qtg.simulation import Simulation
from tests.simulation.small import lively

NEEDS = {
    "rsi": qtg.Need("rsi", {"n": "window"}),
    "upper": qtg.Need("bollinger", {"n": 5}, part="upper"),
}


def test_indicators_are_those_of_each_agents_window() -> None:
    seen: list[dict[str, np.ndarray]] = []
    windows = {"kind": "choice", "values": [3, 6]}

    @qtg.strategy("reader", params={"window": 4}, needs=NEEDS)
    def read(ctx: qtg.StrategyContext) -> None:
        seen.append({**ctx.indicators, "window": ctx.params["window"]})

    config = lively()
    mine = {"kind": "reader", "count": 8, "params": {"window": windows}}
    sim = Simulation(config.with_(smart=[*config.smart, mine]))
    mids: list[np.ndarray] = []
    update = sim.board.update

    def noting(view: object, tick: np.ndarray) -> None:
        mids.append(sim.exchange.view.mid / 10_000)
        update(view, tick)  # type: ignore[arg-type]

    sim.board.update = noting  # type: ignore[method-assign]
    sim.run(40)
    close = np.array(mids)
    assert set(seen[-1]["window"]) == {3.0, 6.0}
    for agent, window in enumerate(seen[-1]["window"].astype(int)):
        np.testing.assert_array_equal(seen[-1]["rsi"][agent], quant.rsi(close, int(window))[-1])
        np.testing.assert_array_equal(seen[-1]["upper"][agent], quant.bollinger(close, 5).upper[-1])


@pytest.mark.parametrize(
    ("need", "sentence"),
    [
        (qtg.Need("rsii", {"n": 4}), "need 'x' names 'rsii', but the indicators are atr, "),
        (qtg.Need("rsi", {"n": "window"}), "need 'x' takes 'window' from the parameters"),
    ],
)
def test_needs_that_cannot_be_met_are_refused(need: qtg.Need, sentence: str) -> None:
    with pytest.raises(qtg.ConfigError, match=f"strategy 'odd': {sentence}"):
        qtg.strategy("odd", needs={"x": need})(lambda ctx: None)


def test_a_window_longer_than_the_run_is_refused() -> None:
    @qtg.strategy("patient", params={"window": 4}, needs={"rsi": NEEDS["rsi"]})
    def wait(ctx: qtg.StrategyContext) -> None:
        """Nothing."""

    config = lively()
    mine = {"kind": "patient", "count": 1, "params": {"window": 1_000}}
    with pytest.raises(qtg.ConfigError, match="params.window of patient can be 1000 bars of 1"):
        Simulation(config.with_(smart=[*config.smart, mine]))
