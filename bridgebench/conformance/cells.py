"""The cells that a check runs: combinations of the task, at a small budget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bridgebench.conformance.check import ConformanceError
from bridgebench.errors import BudgetError, UnknownName
from bridgebench.interfaces.cell import Cell, Parts, Setting
from bridgebench.interfaces.dataset import Dataset
from bridgebench.interfaces.solver import Solver
from bridgebench.plan.answers import check_domains, skip_reason_of, training_domains_of
from bridgebench.plan.stages import training_refusal
from bridgebench.tasks.task_file import TaskFile

LEAST, MOST = 4, 64
"""Budgets that are tried: enough intervals for a multistep solver."""
ENOUGH = 3000
"""For an adaptive solver, which takes what it needs and no more."""


def first_runnable(
    cells: Iterable[Cell], task: TaskFile, dataset: Dataset, setting: Setting
) -> Cell:
    """The first of some cells that can be run; ConformanceError where there is none."""
    reason = ""
    for cell in cells:
        refused = _refusal(cell, task, dataset, setting)
        if not refused:
            return cell
        reason = reason or refused
    raise ConformanceError(
        f"a combination of task {task.name} that can be run",
        f"'{reason or 'no method that uses it'}'; give another task",
    )


def with_parts(cells: Iterable[Cell], parts: Parts) -> Iterator[Cell]:
    """The cells that have the axes of some parts, with these parts and a small budget."""
    given = {axis: part for axis, part in vars(parts).items() if part is not None}
    for cell in cells:
        if given.keys() <= cell.method.axes:
            yield at_small_budget(replace(cell, parts=replace(cell.parts, **given)))


def at_small_budget(cell: Cell, least: int = LEAST) -> Cell:
    """The cell at the smallest budget from `least` on that its solver can meet."""
    if cell.parts.nfe is None:
        return cell
    return replace(cell, parts=replace(cell.parts, nfe=_small_budget(cell.parts.solver, least)))


def _small_budget(solver: Solver | None, least: int) -> int:
    if solver is not None and solver.adaptive:
        return ENOUGH
    for nfe in range(least, MOST + 1):
        try:
            if solver is not None:
                solver.intervals(nfe)
        except BudgetError:
            continue
        return nfe
    raise ConformanceError(f"a budget from {least} to {MOST} that can be met", "none")


def _refusal(cell: Cell, task: TaskFile, dataset: Dataset, setting: Setting) -> str:
    """Why a cell cannot be run, or ""."""
    try:
        check_domains([cell], setting)
    except UnknownName as error:
        return str(error)
    domains = training_domains_of(cell, setting)
    return skip_reason_of(cell, setting) or training_refusal(domains, task, dataset)
