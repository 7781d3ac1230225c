"""Which runs a sweep has, and everything that is refused before the first one starts."""

from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qtg
from qtg.config import Uniform
from qtg.schemas import Regime
from qtg.sweeps import draw_points
from qtg.sweeps.grid import points_of
from qtg.sweeps.plan import make_plan

from .small import GRID, tiny


def test_every_combination_is_a_point_and_every_point_has_every_seed() -> None:
    plan = make_plan(tiny(seed=5), GRID, 3)
    expected = [
        ({"background.activity": activity, "smart.market_maker.count": makers}, seed)
        for activity, makers, seed in product((0.2, 0.6), (1, 2), (5, 6, 7))
    ]
    assert [(job.changes, job.seed) for job in plan.jobs] == expected
    assert [job.run_id for job in plan.jobs] == list(range(12))
    for job in plan.jobs:
        assert job.fingerprint == tiny().with_(job.changes, seed=job.seed).fingerprint()


def test_a_list_of_points_is_taken_as_it_is() -> None:
    points = [{"ticks": 3}, {"background.activity": 0.5, "ticks": 4}, {}]
    assert points_of(points) == points
    assert points_of(iter(points)) == points


def test_tables_within_the_grid_are_paths() -> None:
    nested = {"background": {"activity": [0.1], "burst": {"spike": [2, 3]}}}
    assert [list(point) for point in points_of(nested)] == [
        ["background.activity", "background.burst.spike"]
    ] * 2


def test_no_grid_changes_nothing_but_the_seed() -> None:
    jobs = make_plan(tiny(), None, [4, 9]).jobs
    assert [(job.changes, job.seed) for job in jobs] == [({}, 4), ({}, 9)]


def test_values_are_kept_as_json_has_them() -> None:
    values = [
        (Regime.CRISIS, "crisis"),
        (np.float64(0.5), 0.5),
        (np.int64(3), 3),
        (Decimal("1.50"), "1.50"),
        (Uniform(low=1, high=2), {"kind": "uniform", "low": 1.0, "high": 2.0}),
        ((1, (2, 3)), [1, [2, 3]]),
        (None, None),
        (True, True),
    ]
    for given, kept in values:
        assert points_of({"x": [given]}) == [{"x": kept}]
    assert points_of({"x": np.array([0.1, 0.2])}) == [{"x": 0.1}, {"x": 0.2}]
    assert [type(point["x"]) for point in points_of({"x": range(2)})] == [int, int]


@pytest.mark.parametrize(
    ("grid", "sentence"),
    [
        ({}, "the grid is empty; give settings with lists of values"),
        ([], "the grid is empty; give at least one mapping"),
        ({"background.activity": []}, "grid: background.activity has no values"),
        ({"background": {"activity": []}}, "grid: background.activity has no values"),
        ({"background.activity": 0.1}, "must be a list of values, got 0.1; write [0.1]"),
        ({"background.regime": "calm"}, "must be a list of values, got 'calm'"),
        ({"seed": [1, 2]}, "seed is no setting of the grid; give `seeds`"),
        ({3: [1]}, "settings are named by dotted paths, got 3"),
        ({"ticks": [object()]}, "no setting takes a object"),
        ([{"ticks": 3}, 4], "point 1 must be a mapping of settings to values, got 4"),
        ("ticks", "the grid must be a mapping of settings to lists"),
        (7, "the grid must be a mapping of settings to lists"),
        ({"ticks": [5, 5]}, "two runs are the same: ticks = 5 and ticks = 5, seed 0"),
        ({"ticks": [0]}, "1 of 1 points of the grid cannot be run: ticks: must be at least 1"),
        ({"tiks": [5, 6]}, "2 of 2 points of the grid cannot be run: tiks: no such setting; did "),
        ({"smart.7.count": [5]}, "smart.7: no such entry; smart has 0 to 0"),
        ({"smart.0.kind": ["nois"]}, "no strategy is called 'nois'"),
        ({"smart.0.params.sise": [3]}, "market_maker has no parameter 'sise'"),
    ],
)
def test_a_grid_that_makes_no_sense_is_refused(grid: Any, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(qtg.ConfigError) as caught:
        qtg.sweep(tiny(), grid, out=tmp_path / "sweep", executor="serial")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "sweep").exists()


def test_all_points_that_cannot_be_run_are_told_at_once() -> None:
    grid = {"background.activity": [0.1, 2, -1], "smart.0.count": [1, 2]}
    with pytest.raises(qtg.ConfigError) as caught:
        make_plan(tiny(), grid)
    told = str(caught.value)
    assert told.startswith("4 of 6 points of the grid cannot be run: background.activity: must be")
    assert "got 2 (in background.activity = 2, smart.0.count = 1 and 1 more)" in told
    assert "got -1 (in background.activity = -1, smart.0.count = 1 and 1 more)" in told
    many = {"background.activity": [2, 3, 4, 5, 6]}
    with pytest.raises(qtg.ConfigError, match="and 2 problems more$"):
        make_plan(tiny(), many)


@pytest.mark.parametrize(
    ("seeds", "sentence"),
    [
        (0, "seeds must be at least 1, got 0"),
        (-2, "seeds must be at least 1"),
        ([], "there are no seeds"),
        ([1, 2, 1], "seed 1 is given more than once"),
        ([-1], "seeds must be from 0 to"),
        ([2**63], "seeds must be from 0 to"),
        ([0.5], "seeds must be whole numbers"),
        (["a"], "seeds must be whole numbers"),
        ("5", "seeds must be a number of seeds or a list"),
        (2.0, "seeds must be a number of seeds or a list"),
        (True, "seeds must be a number of seeds or a list"),
    ],
)
def test_seeds_that_make_no_sense_are_refused(seeds: Any, sentence: str) -> None:
    with pytest.raises(qtg.ConfigError) as caught:
        make_plan(tiny(), None, seeds)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"executor": "processes"}, "no executor 'processes'; did you mean 'process'?"),
        ({"workers": 0}, "workers must be at least 1, got 0"),
        ({"workers": 1.5}, "workers must be at least 1, got 1.5"),
        ({"executor": "serial", "workers": 2}, "makes one run at a time, got 2 workers"),
        ({"resume": True}, "only a sweep with a folder can be resumed"),
        ({"out": "x", "resume": True, "overwrite": True}, "resumed or overwritten, not both"),
        ({"measure": 3}, "measure must be a function of a result, got 3"),
        ({"measure": "there"}, "name it as module:function or file.py:function"),
        ({"measure": "there.py:f"}, "there is no Python file at there.py"),
        ({"measure": "no_module_of_that_name:f"}, "No module named"),
        ({"measure": "math:nothing"}, "there is no function nothing in math"),
        ({"strategies": ["none.py"]}, "no Python file at"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(
    options: dict[str, Any], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(qtg.ConfigError) as caught:
        qtg.sweep(tiny(), **options)
    assert sentence in str(caught.value)
    assert not list(tmp_path.iterdir())


RANGES = {
    "a": (0.0, 2.0),
    "b": {"low": 1e-4, "high": 1.0, "log": True},
    "c": {"low": 1, "high": 8, "whole": True},
}


def test_a_latin_hypercube_has_a_point_in_each_part_of_each_range() -> None:
    n = 64
    points = draw_points(RANGES, n, seed=3)
    assert len(points) == n
    a = np.array([point["a"] for point in points])
    b = np.array([point["b"] for point in points])
    c = [point["c"] for point in points]
    assert sorted(np.floor(a / 2 * n).astype(int)) == list(range(n))
    part = np.log(b / 1e-4) / np.log(1e4)
    assert sorted(np.floor(part * n).astype(int)) == list(range(n))
    assert {value: c.count(value) for value in set(c)} == dict.fromkeys(range(1, 9), n // 8)
    assert all(type(value) is int for value in c)


def test_a_latin_hypercube_is_as_even_as_scipys() -> None:
    from scipy.stats import qmc

    n, square = 64, {"x": (0, 1), "y": (0, 1)}

    def mean_of(draw: Any) -> float:
        return float(np.mean([qmc.discrepancy(draw(seed)) for seed in range(40)]))

    def ours(how: str) -> Any:
        return lambda seed: np.array(
            [list(point.values()) for point in draw_points(square, n, how, seed)]
        )

    theirs = mean_of(lambda seed: qmc.LatinHypercube(2, seed=seed).random(n))
    assert mean_of(ours("latin_hypercube")) == pytest.approx(theirs, rel=0.15)
    assert mean_of(ours("random")) > 1.5 * theirs


def test_draws_are_a_function_of_their_seed() -> None:
    for how in ("latin_hypercube", "random"):
        assert draw_points(RANGES, 5, how, 1) == draw_points(RANGES, 5, how, 1)
        assert draw_points(RANGES, 5, how, 1) != draw_points(RANGES, 5, how, 2)


@pytest.mark.parametrize(
    ("ranges", "options", "sentence"),
    [
        ({}, {}, "there are no ranges"),
        ({"a": (1, 2)}, {"n": 0}, "n must be at least 1"),
        ({"a": (1, 2)}, {"how": "sobol"}, "draws cannot be 'sobol'"),
        ({"a": (1, 2)}, {"seed": -1}, "must be a whole number from 0"),
        ({"a": (2, 1)}, {}, "range a: low must be below high, got 2 and 1"),
        ({"a": (1, float("nan"))}, {}, "low must be below high"),
        ({"a": 3}, {}, "must be two numbers, low and high, got 3"),
        ({"a": {"low": 1}}, {}, "low must be below high, got 1 and None"),
        ({"a": {"low": 1, "hi": 2}}, {}, "no part 'hi'; did you mean 'high'?"),
        ({"a": {"low": 0, "high": 2, "log": True}}, {}, "low must be above 0 for a logarithm"),
        ({"a": {"low": 0.5, "high": 2, "whole": True}}, {}, "must be whole numbers"),
    ],
)
def test_ranges_that_make_no_sense_are_refused(
    ranges: Any, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(qtg.ConfigError) as caught:
        draw_points(ranges, **{"n": 4, **options})
    assert sentence in str(caught.value)
