"""Checks of tasks: every name exists, a plan can be made, and the items are as described."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bridgebench.conformance.cells import at_small_budget
from bridgebench.conformance.check import require
from bridgebench.execute.clock import Clock
from bridgebench.execute.folder import RunFolder
from bridgebench.execute.progress import Silent
from bridgebench.execute.run import run_plan, this_process
from bridgebench.execute.store import Store
from bridgebench.interfaces.cell import Cell, Setting
from bridgebench.plan.choices import Choices
from bridgebench.plan.make import make_plan
from bridgebench.plan.model import Group, Plan
from bridgebench.tasks.task_file import TaskFile

if TYPE_CHECKING:
    from bridgebench.conformance.harness import Harness

IMAGES, BUDGET = 4, 2
"""How many source images are run, or all where there are fewer, and evaluations in a direction."""


def documented(task: TaskFile, harness: Harness) -> None:
    """It says in a line what it is."""
    require(bool(task.summary.strip()), "a summary", "none")


def plan(task: TaskFile, harness: Harness) -> None:
    """Every name in it exists, and a plan can be made of each protocol.

    Of further protocols without most transforms, on which no protocol bears.
    """
    first = _first_plan(task, harness)
    chained = any(cell.cell.parts.transform for cell in first.cells)
    for protocol in task.protocols:
        transform = task.axes.transform[:1] if chained else None
        planned = first if protocol == first.protocol else _plan(harness, protocol, transform)
        require(bool(planned.cells), f"cells in protocol {protocol}", "none")


def combinations(task: TaskFile, harness: Harness) -> None:
    """Each method that it names can be run in at least one combination."""
    cells = _first_plan(task, harness).cells
    runnable = {cell.cell.method.name for cell in cells if not cell.skip}
    idle = {cell.cell.method.name for cell in cells} - runnable
    require(not idle, "a combination of each method that can be run", f"none of {sorted(idle)}")


def items(task: TaskFile, harness: Harness) -> None:
    """Source and target images have the shape and the range that it names."""
    reference = harness.some(task.target.domain, task.target.reference, IMAGES)
    for found in (harness.source(), harness.target(), reference):
        require(len(found) > 0, "images in source, reference and held-out split", "none")
        shape = tuple(found.images.shape[1:])
        require(shape == task.item.shape, f"items of shape {task.item.shape}", shape)
        low, high = found.images.min().item(), found.images.max().item()
        inside = task.item.low <= low and high <= task.item.high
        wanted = f"items in [{task.item.low:g}, {task.item.high:g}]"
        require(inside, wanted, f"[{low:g}, {high:g}]")


def run(task: TaskFile, harness: Harness) -> None:
    """A few real images go through every method, score model, solver and transform it names."""
    planned = _first_plan(task, harness)
    n = min(planned.n, IMAGES)
    reduced = replace(
        planned, dataset=harness.few, n=n, batch=n, limit=None, groups=covering(planned.groups)
    )
    with tempfile.TemporaryDirectory(prefix="bridgebench-check-") as place:
        folder = RunFolder(Path(place))
        workers = this_process(reduced, store=Store(Path(place), limit=0))
        run_plan(reduced, workers, folder, Silent(), Clock())
        for cell in reduced.cells:
            record = folder.records.read(cell.identity)
            names = " ".join(spec for spec in parts_of(cell.cell) if spec)
            require(record is not None, f"a record of {names}", "none")
            if record is not None:
                came = f"status {record.status}: {record.reason}"
                require(record.status == "ok", f"results of {names}", came)


def parts_of(cell: Cell) -> tuple[str, ...]:
    """The specs of what a cell combines, "" on an axis that its method does not use."""
    own = cell.parts
    parts = (cell.method, own.source_score, own.target_score, own.solver, own.transform)
    return tuple("" if part is None else part.spec for part in parts)


def covering(groups: Sequence[Group]) -> tuple[Group, ...]:
    """Some cells of each group that can be run, in which every part that is named has a place."""
    seen: set[tuple[int, str]] = set()
    kept = []
    for group in groups:
        cells = []
        for cell in group.cells:
            new = set(enumerate(parts_of(cell.cell))) - seen
            if new and not cell.skip:
                seen |= new
                cells.append(cell)
        if cells:
            kept.append(replace(group, cells=tuple(cells)))
    return tuple(kept)


def _shortened(cell: Cell, setting: Setting) -> Cell:
    """The cell at a small budget, where its method can be run at that."""
    short = at_small_budget(cell, least=BUDGET)
    return cell if cell.method.skip_reason(short, setting) else short


def _plan(harness: Harness, protocol: str, transform: Sequence[str] | None = None) -> Plan:
    """The plan of a protocol for its first seed; the cells of the others are the same."""
    choices = Choices(
        task=harness.where,
        protocol=protocol,
        transform=transform,
        seed=harness.task.protocol(protocol).seeds[:1],
        device=str(harness.device),
    )
    return make_plan(harness.registry, choices)


def _first_plan(task: TaskFile, harness: Harness) -> Plan:
    return harness.once(("plan",), lambda: _plan(harness, next(iter(task.protocols))))


CHECKS = (documented, plan, combinations, items, run)
