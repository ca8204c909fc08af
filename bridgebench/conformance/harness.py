"""The test harness: a task in small, and the runner to try plugins on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

import torch
from torch import Tensor

from bridgebench.conformance.cells import first_runnable, with_parts
from bridgebench.conformance.few_items import FewItems
from bridgebench.conformance.trial import (
    IN_ORDER,
    SEED,
    Arrangement,
    Trial,
    WatchedNetworks,
    run_fit,
    run_trial,
)
from bridgebench.errors import UsageError
from bridgebench.execute.cell import Fitted
from bridgebench.execute.features import Extractors
from bridgebench.execute.reference import Reference
from bridgebench.interfaces.cell import Cell, Parts, Setting
from bridgebench.interfaces.dataset import Dataset, Items
from bridgebench.plan.cells import Combiner
from bridgebench.plan.choices import Choices
from bridgebench.plan.machine import resolve_device
from bridgebench.plan.make import check_measurable, extractors_by_spec, setting_of
from bridgebench.plugins.registry import Kind, Registry
from bridgebench.plugins.specs import build
from bridgebench.tasks.lookup import find_task
from bridgebench.tasks.task_file import TaskFile
from bridgebench.toolkit.randomness import Draw

if TYPE_CHECKING:
    from bridgebench.interfaces.method import Method
    from bridgebench.interfaces.metric import Metric

T = TypeVar("T")

DEFAULT_TASK = "cmnist_to7"
FEW = 6
POPULATION = 96


@dataclass(frozen=True)
class Harness:
    """A task of few items, on which plugins are run by the runner.

    where   the name or the path by which the task is found
    device  where tensors are made and networks run
    """

    registry: Registry
    task: TaskFile
    where: str
    device: torch.device
    _kept: dict[tuple[object, ...], Any] = field(default_factory=dict, repr=False)

    def once(self, key: tuple[object, ...], compute: Callable[[], T]) -> T:
        """The value of `compute()`, computed once for each key."""
        if key not in self._kept:
            self._kept[key] = compute()
        return cast(T, self._kept[key])

    @cached_property
    def dataset(self) -> Dataset:
        """The task's dataset."""
        return build(self.registry, Kind.DATASET, Dataset, self.task.dataset)

    @cached_property
    def few(self) -> FewItems:
        """The task's dataset with few items, as the run of a check sees it."""
        return FewItems(inner=self.dataset, most=POPULATION)

    @cached_property
    def setting(self) -> Setting:
        """The task's domains."""
        return setting_of(self.task, self.dataset)

    @cached_property
    def networks(self) -> WatchedNetworks:
        """The networks of all trials, each loaded once."""
        return WatchedNetworks(self.device)

    @cached_property
    def spread(self) -> float:
        """The distance between the least and the largest value of some real items."""
        values = torch.cat([self.source().images, self.target().images])
        return (values.max() - values.min()).item()

    def source(self, n: int = FEW) -> Items:
        """The first `n` source images, or all that there are."""
        return self.some(self.task.source.domain, self.task.source.split, n)

    def target(self, n: int = FEW) -> Items:
        """The first `n` target images of the held-out split, or all that there are."""
        return self.some(self.task.target.domain, self.task.target.held_out, n)

    def some(self, domain: str, split: str, n: int) -> Items:
        """The first `n` images of a domain, or all that there are, on the CPU."""
        count = min(n, self.dataset.size(domain, split))
        key = ("items", domain, split, count)
        return self.once(key, lambda: self.dataset.items(domain, split, count, SEED))

    def noise(self, n: int) -> Tensor:
        """(n, C, H, W) standard normal numbers on the device, the same at each call."""
        ids = tuple(f"noise/{i}" for i in range(n))
        return Draw(SEED, ids).each("noise", self.task.item.shape).to(self.device)

    def cell_of(self, method: Method) -> Cell:
        """The first combination of the task that a method can be run with, at a small budget.

        ConformanceError where there is none.
        """
        return self._first([method], Parts())

    def cell_with(self, parts: Parts) -> Cell:
        """The first combination of the task that can be run with some parts in place of its own.

        ConformanceError where there is none.
        """
        return self._first(self._combiner().methods(), parts)

    def run(self, cell: Cell, how: Arrangement = IN_ORDER, items: Items | None = None) -> Trial:
        """Run a cell on the first source images, or on other items; the same trial once only.

        CellFailed, with what its row would say, where it fails.
        """
        chosen = self.source() if items is None else items
        # Cells of equal options need not be equal: a plugin may keep something between calls.
        same = (type(cell.method), repr(cell))
        fitted = self.once(("fit", *same), lambda: self.fit(cell))
        key = ("trial", *same, chosen.ids, how)
        return self.once(key, lambda: run_trial(self, cell, chosen, how, fitted))

    def fit(self, cell: Cell, held_out: str = "", torch_seed: int = 0) -> Fitted:
        """Fit the method of a cell anew; `held_out` is another split for the held-out images."""
        return run_fit(self, cell, held_out or self.task.target.held_out, torch_seed)

    def reference(self, metric: Metric, n: int) -> Reference:
        """The real images that a metric compares `n` outputs with; nothing computed of them yet.

        UsageError where the metric cannot be used with the task.
        """
        check_measurable([metric], self.task, self.setting, self.dataset)
        extractors = extractors_by_spec(self.registry, self.task, [metric])
        return Reference(self.task, self.few, Extractors(extractors, self.device), n, SEED)

    def _first(self, methods: Sequence[Method], parts: Parts) -> Cell:
        cells = (cell for method in methods for cell in self._combiner().cells_of(method, SEED))
        return first_runnable(with_parts(cells, parts), self.task, self.dataset, self.setting)

    def _combiner(self) -> Combiner:
        protocol = next(iter(self.task.protocols.values()))
        return Combiner(self.registry, self.task, protocol, Choices(task=self.where))


def make_harness(registry: Registry, task: str = "", device: str = "auto") -> Harness:
    """The harness of a task, by default of the first one that is installed.

    UnknownName or InvalidOption for a task or a device that is not there.
    """
    if not task and not registry.entries[Kind.TASK]:
        raise UsageError("checks need the images of a task, and no task is installed; give one")
    names = registry.names(Kind.TASK)
    chosen = task or (DEFAULT_TASK if DEFAULT_TASK in names else names[0])
    return Harness(
        registry, find_task(registry, chosen), chosen, torch.device(resolve_device(device))
    )
