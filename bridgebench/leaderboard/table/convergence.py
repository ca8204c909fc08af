"""How an error falls with the budget: a curve for each combination, with the order fitted to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bridgebench.leaderboard.csv.columns import AXES
from bridgebench.leaderboard.csv.row import Row
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


def convergence_curves(rows: Sequence[Row], task: TaskFile) -> tuple[Curve, ...]:
    """The curves of a board with at least two budgets; none for a task that shows none.

    A row without the number, or with an error of 0, which has no logarithm, is left out.
    """
    if task.convergence is None:
        return ()
    groups: dict[tuple[Any, ...], list[tuple[int, float]]] = {}
    for row in rows:
        error, nfe = row.value(task.convergence.column), row.cells["nfe"]
        if row.ok and nfe is not None and error is not None and error > 0:
            key = tuple(row.cells[axis] for axis in _OTHERS)
            groups.setdefault(key, []).append((nfe, error))
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


def _name(key: tuple[Any, ...], varying: Sequence[int]) -> str:
    parts = [
        f"seed {key[place]}" if _OTHERS[place] == "seed" else str(key[place]) for place in varying
    ]
    return " ".join(parts) or str(key[_OTHERS.index("method")])
