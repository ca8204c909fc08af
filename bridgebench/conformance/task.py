"""Checks of tasks: every name exists, a plan can be made, and the items are as described."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridgebench.conformance.check import require
from bridgebench.plan.choices import Choices
from bridgebench.plan.make import make_plan
from bridgebench.taskfile import TaskFile

if TYPE_CHECKING:
    from bridgebench.conformance.bench import Bench


def documented(task: TaskFile, bench: Bench) -> None:
    """It says in a line what it is."""
    require(bool(task.summary.strip()), "a summary", "none")


def plan(task: TaskFile, bench: Bench) -> None:
    """Every name in it exists, and a plan can be made of each protocol."""
    for protocol in task.protocols:
        choices = Choices(task=bench.where, protocol=protocol, device=str(bench.device))
        made = make_plan(bench.registry, choices)
        require(bool(made.cells), f"cells in protocol {protocol}", "none")


def combinations(task: TaskFile, bench: Bench) -> None:
    """Each method that it names can be run in at least one combination."""
    made = make_plan(bench.registry, Choices(task=bench.where, protocol=next(iter(task.protocols))))
    runnable = {cell.cell.method.name for cell in made.cells if not cell.skip}
    idle = {cell.cell.method.name for cell in made.cells} - runnable
    require(not idle, "a combination of each method that can be run", f"none of {sorted(idle)}")


def items(task: TaskFile, bench: Bench) -> None:
    """Source and target images have the shape and the range that it names."""
    for found in (bench.source(), bench.target(), bench.reference()):
        require(len(found) > 0, "images in source, reference and held-out split", "none")
        shape = tuple(found.images.shape[1:])
        require(shape == task.item.shape, f"items of shape {task.item.shape}", shape)
        low, high = found.images.min().item(), found.images.max().item()
        inside = task.item.low <= low and high <= task.item.high
        wanted = f"items in [{task.item.low:g}, {task.item.high:g}]"
        require(inside, wanted, f"[{low:g}, {high:g}]")


CHECKS = (documented, plan, combinations, items)
