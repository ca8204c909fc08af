"""Curves of an error against NFE as a table and as a plot."""

import io

import pytest
from PIL import Image
from rich.console import Console

from bridgebench.leaderboard.render.convergence import (
    HEIGHT,
    WIDTH,
    decades,
    print_convergence,
    save_loglog,
)
from bridgebench.leaderboard.table.convergence import Curve
from bridgebench.tasks.task_file import Convergence

SHOWN = Convergence(column="error", least_nfe=20, greatest_nfe=80)
CURVES = (
    Curve("euler", tuple((n, 1 / n) for n in (20, 40, 80)), 1.0),
    Curve("heun", ((10, 77.0), *((n, 5 / n**2) for n in (20, 40, 80))), 2.0),
)


def test_the_table_shows_errors_and_orders(task):
    out = io.StringIO()
    shown = task.model_copy(update={"convergence": SHOWN})
    print_convergence(CURVES, shown, Console(file=out, width=120))
    text = out.getvalue()
    assert "error against NFE in each direction; order fitted from 20 to 80" in text
    assert text.splitlines()[-2].split() == [
        "heun", "77", "0.0125", "0.00313", "0.000781", "2.00",
    ]  # fmt: skip


def test_the_plot_has_a_line_for_each_curve(tmp_path):
    save_loglog(tmp_path / "plot.png", CURVES, SHOWN)
    save_loglog(tmp_path / "again.png", CURVES, SHOWN)
    assert (tmp_path / "plot.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    image = Image.open(tmp_path / "plot.png")
    assert image.size == (WIDTH, HEIGHT)
    colors = {color for _, color in image.getcolors(2**20)}
    assert {(0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)} <= colors
    save_loglog(tmp_path / "one.png", CURVES[:1], SHOWN)
    one = {color for _, color in Image.open(tmp_path / "one.png").getcolors(2**20)}
    assert (0xD5, 0x5E, 0x00) not in one


@pytest.mark.parametrize(
    ("values", "found"), [([1.0, 1.0], (0, 1)), ([0.02, 5.0], (-2, 1)), ([0.5], (-1, 0))]
)
def test_decades_enclose_the_values(values, found):
    assert decades(values) == found
