"""How an error falls with the budget: a curve for each combination, with the order fitted to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridgebench.leaderboard.csv.columns import AXES
from bridgebench.tasks.task_file import Convergence, TaskFile

_OTHERS = tuple(axis for axis in AXES if axis != "nfe")


@dataclass(frozen=True)
class Curve:
    """The rows that differ in nothing but the budget.

    name     the axes on which the curves of a board differ
    points   (NFE, error) by rising NFE, errors above 0
    order    minus the slope of log error against log NFE over the task's range; None where fewer
             than two points lie in it
    """

    name: str
    points: tuple[tuple[int, float], ...]
    order: float | None


def convergence_curves(table: pd.DataFrame, task: TaskFile) -> tuple[Curve, ...]:
    """The curves of a board with at least two budgets; none for a task that shows none.

    A row without the number, or with an error of 0, which has no logarithm, is left out.
    """
    if task.convergence is None:
        return ()
    column = task.convergence.column
    there = table[table["status"].eq("ok") & table["nfe"].notna() & table[column].gt(0)]
    groups: dict[tuple[Any, ...], list[tuple[int, float]]] = {}
    for cells in there.to_dict("records"):
        key = tuple(cells[axis] for axis in _OTHERS)
        groups.setdefault(key, []).append((int(cells["nfe"]), float(cells[column])))
    groups = {key: sorted(points) for key, points in sorted(groups.items()) if len(points) > 1}
    varying = [
        place for place in range(len(_OTHERS)) if len({str(key[place]) for key in groups}) > 1
    ]
    return tuple(
        Curve(_name(key, varying), tuple(points), fitted_order(points, task.convergence))
        for key, points in groups.items()
    )


def fitted_order(points: Sequence[tuple[int, float]], range_: Convergence) -> float | None:
    """The order p of error ~ NFE^-p by least squares over the points in the range.

    >>> points = [(10, 1.0), (20, 0.25), (40, 0.0625)]
    >>> fitted_order(points, Convergence(column="e", least_nfe=20, greatest_nfe=40))
    2.0
    """
    kept = [(n, e) for n, e in points if range_.least_nfe <= n <= range_.greatest_nfe]
    if len(kept) < 2:
        return None
    x, y = (np.log([pair[place] for pair in kept]) for place in (0, 1))
    x -= x.mean()
    return round(-float(x @ y / (x @ x)), 12)


def print_convergence(curves: Sequence[Curve], task: TaskFile, console: Console) -> None:
    """Print a table of the curves: an error a budget, and the order."""
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
    console.print(
        Text(f"{shown.column} against NFE in each direction; {range_in_words(shown)}"),
        style="bold",
        soft_wrap=True,
        highlight=False,
    )
    console.print(table)


def range_in_words(shown: Convergence) -> str:
    """Where the order is fitted."""
    return f"order fitted from {shown.least_nfe} to {shown.greatest_nfe}"


def decades(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten that enclose some positive values.

    >>> decades([0.02, 5.0])
    (-2, 1)
    """
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _name(key: tuple[Any, ...], varying: Sequence[int]) -> str:
    parts = [
        f"seed {key[place]}" if _OTHERS[place] == "seed" else str(key[place]) for place in varying
    ]
    return " ".join(parts) or str(key[_OTHERS.index("method")])
