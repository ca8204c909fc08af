"""Whether the items of a dataset are those that a task describes and its methods can carry."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bridgebench.errors import InvalidOption
from bridgebench.interfaces.cell import Cell, Setting
from bridgebench.interfaces.dataset import Dataset
from bridgebench.isolation.calls import querying
from bridgebench.plan.answers import skip_reason_of
from bridgebench.tasks.task_file import TaskFile

PART = 256
"""Items that are held at once, for their ids."""


def check_size(task: TaskFile, dataset: Dataset, n: int) -> None:
    """InvalidOption where a split that the task needs is empty or has fewer than `n` images."""
    source, target = task.source, task.target
    for domain, split in (
        (source.domain, source.split),
        (target.domain, target.reference),
        (target.domain, target.held_out),
    ):
        if dataset.size(domain, split) == 0:
            raise InvalidOption(
                f"task {task.name} needs images of {domain} in the {split} split of "
                f"{dataset.name}, which has none"
            )
    there = dataset.size(source.domain, source.split)
    if n > there:
        raise InvalidOption(
            f"n={n} is more than the {there} images of {source.domain} in the {source.split} "
            f"split of {dataset.name}; give n={there} or less"
        )


def check_first(task: TaskFile, dataset: Dataset, seed: int) -> None:
    """InvalidOption where the first source item has not the task's shape or leaves its range."""
    first = dataset.items(task.source.domain, task.source.split, 1, seed).images[0]
    shape, item = tuple(first.shape), task.item
    if shape != item.shape:
        raise InvalidOption(
            f"task {task.name} says that its items have the shape {item.shape}, but those of "
            f"{dataset.name} have {shape}; correct item.shape or the dataset's options"
        )
    low, high = first.min().item(), first.max().item()
    if low < item.low or high > item.high:
        raise InvalidOption(
            f"task {task.name} says that its items lie in [{item.low:g}, {item.high:g}], but one "
            f"of {dataset.name} has values from {low:g} to {high:g}; correct item.low and item.high"
        )


def check_savable(task: TaskFile, asked: str) -> None:
    """InvalidOption unless items can be kept as PNG files; `asked` is what needs it."""
    item = task.item
    drawn = item.is_image and item.shape[0] in (1, 3)
    if not (drawn and math.isfinite(item.high - item.low)):
        raise InvalidOption(
            f"{asked} needs items that are images of 1 or 3 channels and a finite range, and those "
            f"of {task.name} are {item.shape} in [{item.low:g}, {item.high:g}]; leave it out"
        )


def check_seen(
    task: TaskFile, dataset: Dataset, cells: Sequence[Cell], setting: Setting, n: int
) -> None:
    """Let the methods that want to see the ids of all source items look at them."""
    looking = [
        cell for cell in cells if cell.method.sees_items and not skip_reason_of(cell, setting)
    ]
    for seed in dict.fromkeys(cell.seed for cell in looking):
        parts = dataset.stream(task.source.domain, task.source.split, n, seed, PART)
        ids = tuple(item for part in parts for item in part.ids)
        for cell in looking:
            if cell.seed == seed:
                with querying(f"method '{cell.method.name}'"):
                    cell.method.check_items(cell, ids, setting)
