"""Curves of an error against NFE: which rows make one, and the fitted order."""

import pytest

from bridgebench import InvalidOption
from bridgebench.leaderboard.csv.columns import AXES
from bridgebench.leaderboard.csv.row import Row
from bridgebench.leaderboard.table.convergence import convergence_curves, fitted_order
from bridgebench.tasks.task_file import Convergence, parse_task

TASK = """
name: falling
summary: An error that falls.
dataset: world
source: {domain: red, unconditional: red, split: test}
target: {domain: green, reference: train, held_out: test}
item: {shape: [4]}
metrics: [error]
primary: [error]
ranked_by: error
convergence: {column: error, least_nfe: 20, greatest_nfe: 80}
axes: {method: [identity]}
protocols: {quick: {n: 4, nfe: [4], seeds: [0], batch: 4}}
"""


@pytest.fixture
def task():
    return parse_task(TASK, "falling")


def row(solver, nfe, error, status="ok", seed=0):
    axes = dict.fromkeys(AXES, "-") | {"method": "ddib", "n": 4, "seed": seed}
    return Row({**axes, "solver": solver, "nfe": nfe, "status": status, "error": error})


@pytest.fixture
def rows():
    # order 1 and 2 inside the range of the fit, and far from it below
    return (
        *(row("euler", n, 1 / n) for n in (80, 20, 40)),
        *(row("heun", n, 5 / n**2) for n in (20, 40, 80)),
        row("heun", 10, 77.0),
        row("heun", 160, None, status="failed"),
        row("-", None, 0.5),
        row("dpm", 20, 0.1),
    )


def test_rows_that_differ_in_their_budget_alone_are_a_curve(rows, task):
    euler, heun = convergence_curves(rows, task)
    assert (euler.name, heun.name) == ("euler", "heun")
    assert [nfe for nfe, _ in euler.points] == [20, 40, 80]
    assert [nfe for nfe, _ in heun.points] == [10, 20, 40, 80]


def test_the_order_is_fitted_inside_the_range_of_the_task(rows, task):
    euler, heun = convergence_curves(rows, task)
    assert euler.order == pytest.approx(1, abs=1e-9)
    assert heun.order == pytest.approx(2, abs=1e-9)
    narrow = Convergence(column="error", least_nfe=80, greatest_nfe=90)
    assert fitted_order(heun.points, narrow) is None


def test_seeds_are_curves_of_their_own(task):
    rows = [row("euler", n, 1 / n, seed=seed) for n in (20, 40) for seed in (0, 1)]
    assert [curve.name for curve in convergence_curves(rows, task)] == [
        "seed 0",
        "seed 1",
    ]


def test_a_task_without_convergence_has_no_curves(rows, task):
    assert convergence_curves(rows, task.model_copy(update={"convergence": None})) == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("column: error", "column: other", "'other' leads the board"),
        ("least_nfe: 20", "least_nfe: 80", "least_nfe must be below"),
    ],
)
def test_a_task_that_asks_for_no_curve_is_refused(old, new, message):
    with pytest.raises(InvalidOption, match=message):
        parse_task(TASK.replace(old, new), "falling")
