"""What holds for every indicator: its definition, and that all its forms are one."""

import subprocess
import sys

import numpy as np
import polars as pl
import pytest

import qtg
from qtg import quant

from .cases import CASES, WINDOWED, Case, agree, bars, parts, same

every = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@every
@pytest.mark.parametrize("holes", [0.0, 0.05])
def test_it_is_what_the_textbook_says(case: Case, holes: float) -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        columns = bars(rng, (int(rng.integers(1, 60)),), holes)
        parameters = case.draw(rng)
        inputs = [columns[name] for name in case.inputs]
        result = case.indicator(*inputs, *parameters)
        agree(result, case.oracle(*[x.tolist() for x in inputs], *parameters), 100.0)


@every
def test_bar_by_bar_is_the_same_to_the_bit(case: Case) -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        shape = (int(rng.integers(1, 80)), int(rng.integers(1, 5)))
        columns = bars(rng, shape, 0.02)
        parameters = case.draw(rng)
        inputs = [columns[name] for name in case.inputs]
        state = case.indicator.start(shape[1], *parameters)
        rows = [parts(case.indicator.step(state, *bar)) for bar in zip(*inputs)]
        same(
            case.indicator(*inputs, *parameters),
            tuple(np.stack(part) for part in zip(*rows)),
        )


@every
def test_markets_are_independent_and_a_column_stands_alone(case: Case) -> None:
    rng = np.random.default_rng(3)
    columns = bars(rng, (70, 3), 0.02)
    parameters = case.draw(rng)
    together = case.indicator(*(columns[name] for name in case.inputs), *parameters)
    for m in range(3):
        alone = case.indicator(*(columns[name][:, m] for name in case.inputs), *parameters)
        assert all(part.shape == (70,) and part.dtype == np.float64 for part in parts(alone))
        same(alone, tuple(part[:, m] for part in parts(together)))


@every
@pytest.mark.parametrize("holes", [0.0, 0.002])
def test_a_wide_table_is_its_columns(case: Case, holes: float) -> None:
    """Wide enough for vector instructions; some markets come late, so that not all are alike."""
    rng = np.random.default_rng(12)
    columns = bars(rng, (90, 45), holes)
    for column in columns.values():
        column[:7, 20:24] = np.nan
        column[:9, 44] = np.nan
    parameters = case.draw(rng)
    inputs = [columns[name] for name in case.inputs]
    together = case.indicator(*inputs, *parameters)
    for m in range(45):
        alone = case.indicator(*(x[:, m] for x in inputs), *parameters)
        same(alone, tuple(part[:, m] for part in parts(together)))
    state = case.indicator.start(45, *parameters)
    rows = [parts(case.indicator.step(state, *bar)) for bar in zip(*inputs)]
    same(together, tuple(np.stack(part) for part in zip(*rows)))


@every
def test_polars_in_polars_out(case: Case) -> None:
    rng = np.random.default_rng(4)
    columns = bars(rng, (50,), 0.02)
    parameters = case.draw(rng)
    inputs = [pl.Series(name, columns[name]).fill_nan(None) for name in case.inputs]
    result = case.indicator(*inputs, *parameters)
    names = result._fields if isinstance(result, tuple) else (case.inputs[0],)
    for part, name in zip(parts(result), names, strict=True):
        assert part.dtype == pl.Float64
        assert part.name == name
        assert part.null_count() == 0
    same(result, case.indicator(*(columns[name] for name in case.inputs), *parameters))


@every
def test_a_frame_has_a_column_for_each_market(case: Case) -> None:
    columns = bars(np.random.default_rng(11), (50, 3), 0.02)
    parameters = case.draw(np.random.default_rng(11))
    names = ["ALFA", "BETA", "GAMA"]
    inputs = [pl.DataFrame(columns[name], schema=names).fill_nan(None) for name in case.inputs]
    result = case.indicator(*inputs, *parameters)
    assert all(part.columns == names for part in parts(result))
    arrays = tuple(part.to_numpy() for part in parts(result))
    same(arrays, case.indicator(*(columns[name] for name in case.inputs), *parameters))


@every
def test_inputs_stay_as_they_are_and_may_be_views(case: Case) -> None:
    rng = np.random.default_rng(5)
    columns = bars(rng, (40, 4))
    parameters = case.draw(rng)
    views = [np.asfortranarray(columns[name])[::-1, ::2] for name in case.inputs]
    for view in views:
        view.flags.writeable = False
    same(
        case.indicator(*views, *parameters),
        case.indicator(*(view.copy() for view in views), *parameters),
    )


@pytest.mark.parametrize("case", WINDOWED.values(), ids=WINDOWED)
def test_history_shorter_than_the_window_is_nan(case: Case) -> None:
    for shape in ((1,), (1, 2), (5, 0)):
        columns = bars(np.random.default_rng(6), shape)
        result = case.indicator(*(columns[name] for name in case.inputs), *case.long)
        assert all(part.shape == shape and np.isnan(part).all() for part in parts(result))


@pytest.mark.parametrize("name", sorted(CASES.keys() - {"drawdown"}))
def test_a_hole_clears_one_market_from_there_on(name: str) -> None:
    case = CASES[name]
    rng = np.random.default_rng(8)
    columns = bars(rng, (80, 2))
    columns["volume"] += 1.0
    parameters = case.draw(rng)
    whole = case.indicator(*(columns[name] for name in case.inputs), *parameters)
    for hole in (np.nan, np.inf, -np.inf):
        columns[case.inputs[-1]][40, 1] = hole
        broken = case.indicator(*(columns[name] for name in case.inputs), *parameters)
        anew = case.indicator(*(columns[name][41:] for name in case.inputs), *parameters)
        for before, part, after in zip(parts(whole), parts(broken), parts(anew), strict=True):
            np.testing.assert_array_equal(part[:, 0], before[:, 0])
            np.testing.assert_array_equal(part[:40, 1], before[:40, 1])
            assert np.isnan(part[40, 1])
            np.testing.assert_array_equal(part[41:, 1], after[:, 1])


@pytest.mark.skipif(not hasattr(quant.sma._kernel, "signatures"), reason="the JIT is off")
def test_each_kernel_is_compiled_once() -> None:
    for case in CASES.values():
        for shape in ((5,), (5, 3), (1, 1)):
            columns = bars(np.random.default_rng(10), shape)
            wide = [np.int64(n) if isinstance(n, int) else n for n in case.long]
            for lengths in (case.long, wide):
                case.indicator(*(columns[name] for name in case.inputs), *lengths)
        kernel = case.indicator._kernel_of(
            case.indicator.start(1, *case.draw(np.random.default_rng()))
        )
        assert len(kernel.signatures) == 1, case.indicator.name


def test_quant_is_loaded_when_it_is_used() -> None:
    assert qtg.quant is quant
    script = (
        "import sys, qtg; print('numba' in sys.modules); qtg.quant.sma; print('quant' in dir(qtg))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "False\nTrue\n", done.stderr
