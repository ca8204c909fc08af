"""Curves of an error against NFE: which rows make one, the fitted order, and the plot."""

import io

import pytest
from PIL import Image
from rich.console import Console

from bridgebench import InvalidOption
from bridgebench.leaderboard.csv.columns import AXES
from bridgebench.leaderboard.csv.row import Row
from bridgebench.leaderboard.render.convergence import (
    HEIGHT,
    WIDTH,
    decades,
    print_convergence,
    save_loglog,
)
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


def test_the_table_shows_errors_and_orders(rows, task):
    out = io.StringIO()
    print_convergence(convergence_curves(rows, task), task, Console(file=out, width=120))
    text = out.getvalue()
    assert "error against NFE in each direction; order fitted from 20 to 80" in text
    assert text.splitlines()[-2].split() == [
        "heun", "77", "0.0125", "0.00313", "0.000781", "2.00",
    ]  # fmt: skip


def test_the_plot_has_a_line_for_each_curve(rows, task, tmp_path):
    curves = convergence_curves(rows, task)
    save_loglog(tmp_path / "plot.png", curves, task.convergence)
    save_loglog(tmp_path / "again.png", curves, task.convergence)
    assert (tmp_path / "plot.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    image = Image.open(tmp_path / "plot.png")
    assert image.size == (WIDTH, HEIGHT)
    colors = {color for _, color in image.getcolors(2**20)}
    assert {(0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)} <= colors
    save_loglog(tmp_path / "one.png", curves[:1], task.convergence)
    one = {color for _, color in Image.open(tmp_path / "one.png").getcolors(2**20)}
    assert (0xD5, 0x5E, 0x00) not in one


def test_decades_enclose_equal_values():
    assert decades([1.0, 1.0]) == (0, 1)


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
