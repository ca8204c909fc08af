"""What the checks of the kit work with: real images of a task, and what a run lends to plugins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

import torch
from torch import Tensor

from bridgebench.errors import PluginError, UsageError
from bridgebench.execute.batches import SourceBatches
from bridgebench.execute.counting import RunContext
from bridgebench.execute.features import Extractors
from bridgebench.interfaces.cell import Setting
from bridgebench.interfaces.dataset import Dataset, Items
from bridgebench.interfaces.extractor import Extracted, Extractor
from bridgebench.interfaces.method import Batch
from bridgebench.interfaces.metric import Metric, Population
from bridgebench.interfaces.score_model import ScoreModel
from bridgebench.plan.machine import resolve_device
from bridgebench.plugins.registry import Kind, Registry
from bridgebench.plugins.specs import build
from bridgebench.tasks.lookup import find_task
from bridgebench.tasks.task_file import TaskFile
from bridgebench.toolkit.randomness import Draw

if TYPE_CHECKING:
    from bridgebench.interfaces.score_model import Denoiser, DenoiserFamily

T = TypeVar("T")

DEFAULT_TASK = "cmnist_to7"
SEED = 0
FEW = 6
POPULATION = 96


@dataclass(frozen=True)
class Bench:
    """A task's images, domains and plugins, in small.

    where     the name or the path by which the task is found
    device    where tensors are made; what a plugin returns has to be there, too
    kept      what metrics had computed once
    families  the score models that were lent, each loaded once
    """

    registry: Registry
    task: TaskFile
    where: str
    device: torch.device
    _items: dict[tuple[str, str, int], Items] = field(default_factory=dict, repr=False)
    kept: dict[str, Any] = field(default_factory=dict, repr=False)
    families: dict[ScoreModel, DenoiserFamily] = field(default_factory=dict, repr=False)
    _extracted: dict[tuple[tuple[str, ...], Extractor], Extracted] = field(
        default_factory=dict, repr=False
    )

    @cached_property
    def dataset(self) -> Dataset:
        """The task's dataset."""
        return build(self.registry, Kind.DATASET, Dataset, self.task.dataset)

    @cached_property
    def setting(self) -> Setting:
        """The task's domains."""
        task = self.task
        return Setting(
            source=task.source.domain,
            unconditional=task.source.unconditional,
            class_domains=self.dataset.class_domains(task.source.domain),
            target=task.target.domain,
            shape=task.item.shape,
            low=task.item.low,
            high=task.item.high,
        )

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

    def reference(self, n: int = FEW) -> Items:
        """The first `n` target images of the reference split, or all that there are."""
        return self.some(self.task.target.domain, self.task.target.reference, n)

    def some(self, domain: str, split: str, n: int) -> Items:
        """The first `n` images of a domain, or all that there are, on the CPU."""
        key = (domain, split, min(n, self.dataset.size(domain, split)))
        if key not in self._items:
            self._items[key] = self.dataset.items(*key, SEED)
        return self._items[key]

    def extracted(self, items: Items, extractor: Extractor) -> Extracted:
        """What an extractor sees in real items, computed once."""
        key = (items.ids, extractor)
        if key not in self._extracted:
            seen = Extractors({extractor.spec: extractor}, self.device)
            self._extracted[key] = seen.extract(extractor.spec, items.images)
        return self._extracted[key]

    def batch(self, items: Items, order: Sequence[int] | None = None) -> Batch:
        """Items as a batch on the device; `order` picks some of them."""
        index = list(range(len(items)) if order is None else order)
        ids = tuple(items.ids[i] for i in index)
        domains = tuple(items.domains[i] for i in index)
        return Batch(items.images[index].to(self.device), ids, domains, Draw(SEED, ids))

    def permuted(self, batch: Batch) -> Batch:
        """The partners of some of the source images."""
        items = self.source()
        return SourceBatches([items], len(items), SEED, self.device).permuted(batch)

    def noise(self, n: int, purpose: str = "bench") -> Tensor:
        """(n, C, H, W) standard normal numbers on the device, the same at each call."""
        ids = tuple(f"{purpose}/{i}" for i in range(n))
        return Draw(SEED, ids).each(purpose, self.task.item.shape).to(self.device)

    def context(self) -> Loan:
        """What a run lends to a method, with nothing counted yet."""
        return Loan(self)

    def metric_context(self) -> Gauge:
        """What a run's outputs are held against; it keeps what others of this bench computed."""
        return Gauge(self, kept=self.kept)

    def fresh_metric_context(self) -> Gauge:
        """The same with nothing computed yet, so that everything that is looked at is seen."""
        return Gauge(self, kept={})


def make_bench(registry: Registry, task: str = "", device: str = "auto") -> Bench:
    """The bench of a task, by default of the first one that is installed.

    UnknownName or InvalidOption for a task or a device that is not there.
    """
    if not task and not registry.entries[Kind.TASK]:
        raise UsageError("checks need the images of a task, and no task is installed; give one")
    names = registry.names(Kind.TASK)
    chosen = task or (DEFAULT_TASK if DEFAULT_TASK in names else names[0])
    place = torch.device(resolve_device(device))
    return Bench(registry, find_task(registry, chosen), chosen, place)


class Loan(RunContext):
    """A run's context that also writes down what it was asked for.

    asked         (score model, domain) of each denoiser that it gave
    permuted_any  whether it gave the partners of a batch
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__(
            bench.setting,
            bench.device,
            "fp32",
            lambda: bench.target(POPULATION),
            bench.permuted,
            lambda _: None,
        )
        self.asked: set[tuple[ScoreModel, str]] = set()
        self.permuted_any = False
        self._families = bench.families

    def denoiser(self, score: ScoreModel, domains: Sequence[str]) -> Denoiser:
        """The counted denoiser of a batch, one domain an image."""
        self.asked |= {(score, domain) for domain in domains}
        return super().denoiser(score, domains)

    def permuted(self, batch: Batch) -> Batch:
        """The partners of a batch among the source images of the bench."""
        self.permuted_any = True
        return super().permuted(batch)


@dataclass(frozen=True)
class Gauge:
    """A context over a few real images that also writes down what was looked at.

    kept       what was computed once
    looked     "reference" once the reference images were asked for
    extracted  the extractors that were asked for, by spec
    """

    bench: Bench
    kept: dict[str, Any]
    looked: set[str] = field(default_factory=set)
    extracted: set[str] = field(default_factory=set)
    _declared: dict[str, Extractor] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """How many images are scored."""
        return FEW

    @property
    def seed(self) -> int:
        """The seed of the bench."""
        return SEED

    @property
    def extractor(self) -> str:
        """The task's own extractor; "" for a task without one."""
        return self.bench.task.extractor or ""

    def reference(self) -> Population:
        """Some real target images of the reference split."""
        self.looked.add("reference")
        return self._population("reference", self.bench.reference(POPULATION))

    def held_out(self) -> Population:
        """Some real target images of the held-out split."""
        return self._population("held out", self.bench.target(POPULATION))

    def once(self, key: str, compute: Callable[[], T]) -> T:
        """The value of `compute()`, computed once for each key."""
        if key not in self.kept:
            self.kept[key] = compute()
        return cast(T, self.kept[key])

    def declare(self, metric: Metric) -> None:
        """Make the extractors of a metric available; any other is an error, as in a run.

        So is a metric that cannot measure the items of the task.
        """
        reason = metric.unsupported_reason(self.bench.setting)
        if reason:
            raise UsageError(
                f"metric '{metric.name}' cannot be used with task {self.bench.task.name}: "
                f"{reason}; give another task"
            )
        for spec in metric.extractors(self.extractor):
            if not spec:
                raise UsageError(
                    f"metric '{metric.name}' needs an extractor and task {self.bench.task.name} "
                    "names none; give another task"
                )
            self._declared[spec] = build(self.bench.registry, Kind.EXTRACTOR, Extractor, spec)

    def extract(self, spec: str, images: Tensor) -> Extracted:
        """What an extractor sees in images."""
        return Extractors({spec: self._named(spec)}, self.bench.device).extract(spec, images)

    def _population(self, name: str, items: Items) -> Population:
        return Population(
            items,
            lambda spec: self.bench.extracted(items, self._named(spec)),
            lambda key, compute: self.once(f"{name}/{key}", compute),
        )

    def _named(self, spec: str) -> Extractor:
        self.extracted.add(spec)
        if spec not in self._declared:
            raise PluginError(
                f"extractor '{spec}' was not declared; a metric names what it needs in extractors()"
            )
        return self._declared[spec]
