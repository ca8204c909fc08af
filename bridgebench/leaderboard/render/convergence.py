"""How errors fall with the budget: a table, and a PNG on logarithmic axes drawn with Pillow."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridgebench.files.atomic import write_atomically
from bridgebench.leaderboard.render.console import say
from bridgebench.leaderboard.table.convergence import Curve
from bridgebench.tasks.task_file import Convergence, TaskFile

WIDTH, HEIGHT = 960, 640
_LEFT, _RIGHT, _TOP, _BOTTOM = 90, 30, 50, 70
_FONT_SIZE = 16
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""The palette of Okabe and Ito, which people with any color vision can distinguish."""

_GRID, _AXIS, _FIT = "#dddddd", "#444444", "#f2f2f2"
_DOT = 5


def print_convergence(curves: Sequence[Curve], task: TaskFile, console: Console) -> None:
    """Print a table of the curves: the error at each budget, and the order."""
    if task.convergence is None or not curves:
        return
    shown = task.convergence
    budgets = sorted({nfe for curve in curves for nfe, _ in curve.points})
    table = Table(box=SIMPLE, pad_edge=False)
    table.add_column("")
    for nfe in budgets:
        table.add_column(str(nfe), justify="right")
    table.add_column("order", justify="right")
    for curve in curves:
        errors = dict(curve.points)
        table.add_row(
            Text(curve.name),
            *(Text(f"{errors[nfe]:.3g}" if nfe in errors else "") for nfe in budgets),
            Text("" if curve.order is None else f"{curve.order:.2f}"),
        )
    title = f"{shown.column} against NFE in each direction; {_range_in_words(shown)}"
    say(console, title, style="bold")
    console.print(table)


def save_loglog(path: Path, curves: Sequence[Curve], shown: Convergence) -> None:
    """Write a PNG with a line for each curve and its order in the legend.

    The range in which the orders are fitted is shaded. The file is written whole or not at all.

    Args:
        path: where; its folder exists.
        curves: at least one.
        shown: the column and the range of the fit.
    """
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    draw.font = ImageFont.load_default(_FONT_SIZE)
    frame = _Frame.around(curves)
    _draw_axes(draw, frame, curves, shown)
    for index, curve in enumerate(curves):
        _draw_curve(draw, frame, curve, index)
    stream = io.BytesIO()
    image.save(stream, format="PNG", optimize=True)
    write_atomically(path, stream.getvalue())


@dataclass(frozen=True)
class _Frame:
    """Where a budget and an error lie in the picture.

    least, greatest   NFE at the left and right end
    low, high         powers of ten at the bottom and the top
    """

    least: float
    greatest: float
    low: int
    high: int

    @classmethod
    def around(cls, curves: Sequence[Curve]) -> _Frame:
        budgets = [nfe for curve in curves for nfe, _ in curve.points]
        errors = [error for curve in curves for _, error in curve.points]
        return cls(min(budgets) / 1.1, max(budgets) * 1.1, *decades(errors))

    def x(self, nfe: float) -> float:
        share = math.log(nfe / self.least) / math.log(self.greatest / self.least)
        return _LEFT + min(1.0, max(0.0, share)) * (WIDTH - _LEFT - _RIGHT)

    def y(self, error: float) -> float:
        share = (math.log10(error) - self.low) / (self.high - self.low)
        return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)


def _draw_axes(
    draw: ImageDraw.ImageDraw, frame: _Frame, curves: Sequence[Curve], shown: Convergence
) -> None:
    top, bottom, left, right = _TOP, HEIGHT - _BOTTOM, _LEFT, WIDTH - _RIGHT
    draw.rectangle((frame.x(shown.least_nfe), top, frame.x(shown.greatest_nfe), bottom), fill=_FIT)
    for power in range(frame.low, frame.high + 1):
        y = frame.y(10.0**power)
        draw.line((left, y, right, y), fill=_GRID)
        draw.text((left - 8, y), f"1e{power}", fill=_AXIS, anchor="rm")
    for nfe in sorted({nfe for curve in curves for nfe, _ in curve.points}):
        x = frame.x(nfe)
        draw.line((x, top, x, bottom), fill=_GRID)
        draw.text((x, bottom + 8), str(nfe), fill=_AXIS, anchor="mt")
    draw.rectangle((left, top, right, bottom), outline=_AXIS)
    below = f"NFE in each direction ({_range_in_words(shown)}, shaded)"
    draw.text(((left + right) / 2, HEIGHT - 20), below, fill=_AXIS, anchor="mm")
    draw.text((left, top - 25), shown.column, fill=_AXIS, anchor="lm")


def _draw_curve(draw: ImageDraw.ImageDraw, frame: _Frame, curve: Curve, index: int) -> None:
    color = _COLORS[index % len(_COLORS)]
    places = [(frame.x(nfe), frame.y(error)) for nfe, error in curve.points]
    draw.line(places, fill=color, width=2)
    for x, y in places:
        draw.ellipse((x - _DOT, y - _DOT, x + _DOT, y + _DOT), fill=color)
    order = "" if curve.order is None else f", order {curve.order:.2f}"
    y = HEIGHT - _BOTTOM - 20 - 22 * index
    draw.line((_LEFT + 15, y, _LEFT + 45, y), fill=color, width=3)
    draw.text((_LEFT + 55, y), f"{curve.name}{order}", fill=color, anchor="lm")


def _range_in_words(shown: Convergence) -> str:
    """Where the order is fitted."""
    return f"order fitted from {shown.least_nfe} to {shown.greatest_nfe}"


def decades(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten that enclose some positive values.

    >>> decades([0.02, 5.0])
    (-2, 1)
    """
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)
