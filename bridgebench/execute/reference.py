"""The real images that metrics compare outputs with: streamed, and kept only as what is computed.

No more than a batch of images is in memory. Features and whatever else metrics have computed are
kept for the cells that follow, under a checksum, as every metric is handed the same tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, cast

from torch import Tensor

from bridgebench.errors import PluginError
from bridgebench.execute.features import Extractors, KeepExtracted, keep_nothing
from bridgebench.interfaces.dataset import Dataset, Items, ItemStream
from bridgebench.interfaces.extractor import Extracted
from bridgebench.interfaces.metric import POPULATION_BATCH, Population
from bridgebench.isolation.calls import isolated, protected
from bridgebench.isolation.unchanged import Checksummed
from bridgebench.plan.provenance import REFERENCE_SEED
from bridgebench.tasks.task_file import TaskFile

T = TypeVar("T")

MODIFIED = "a metric modified in place what it shares with all metrics; it must clone it"


class Kept:
    """What was computed once, by key; a change of it in place does not go unseen."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, ...], Any] = {}
        self._seals: list[Checksummed] = []

    def once(self, key: tuple[str, ...], compute: Callable[[], T]) -> T:
        """The value of `compute()`, computed once for each key."""
        if key not in self._values:
            self._values[key] = compute()
            self._seals.append(Checksummed.of(self._values[key]))
        return cast(T, self._values[key])

    def intact(self) -> bool:
        """Whether all of it is as it was computed."""
        return all(seal.intact() for seal in self._seals)

    def forget(self) -> None:
        """Compute all of it again when it is asked for."""
        self._values.clear()
        self._seals.clear()


@dataclass(frozen=True)
class CheckedStream:
    """The items of a dataset, each call of it isolated and each batch checked."""

    items: ItemStream

    def __len__(self) -> int:
        return len(self.items)

    def batches(self, size: int) -> Iterator[Items]:
        """The items in batches of `size`; PluginError where they are not all that there are."""
        who = f"dataset '{self.items.dataset.name}'"
        parts, seen = self.items.batches(size), 0
        while True:
            with isolated(who):
                part = next(parts, None)
            if part is None:
                break
            seen += len(part)
            if len(part) > size:
                raise PluginError(f"{who} streamed {len(part)} items, expected at most {size}")
            yield part
        if seen != len(self):
            raise PluginError(
                f"{who} streamed {seen} items of {self.items.domain}, expected {len(self)}"
            )


@dataclass(frozen=True)
class Reference:
    """The real images of a task; a MetricContext for the metrics of one seed.

    keep    gives what is seen in real images, from earlier runs where it can
    of_run  what all seeds of a run share
    """

    task: TaskFile
    dataset: Dataset
    extractors: Extractors
    n: int
    seed: int
    keep: KeepExtracted = keep_nothing
    of_run: Kept = field(default_factory=Kept)
    _of_seed: Kept = field(default_factory=Kept)

    def intact(self) -> bool:
        """Whether no metric has modified what all share."""
        return self.of_run.intact() and self._of_seed.intact()

    def forget(self) -> None:
        """Compute all of it again when it is asked for."""
        self.of_run.forget()
        self._of_seed.forget()

    @property
    def extractor(self) -> str:
        """The task's own extractor; "" for a task without one."""
        return self.task.extractor or ""

    def reference(self) -> Population:
        """All real target images of the reference split, the same for every seed."""
        return self._population(self.task.target.reference, REFERENCE_SEED, self.of_run)

    def held_out(self) -> Population:
        """All real target images of the held-out split, in the order of the seed."""
        return self._population(self.task.target.held_out, self.seed, self._of_seed)

    def once(self, key: str, compute: Callable[[], T]) -> T:
        """The value of `compute()`, computed once for each key."""
        return self._of_seed.once(("once", key), compute)

    def true_targets(self, items: Items) -> Tensor:
        """The true targets of source items, (B, C, H, W); an error where one has none."""
        source, target, who = self.task.source, self.task.target, f"dataset '{self.dataset.name}'"
        with protected(who, "items", items.images) as (images,), isolated(who):
            given = Items(images, items.ids, items.domains)
            found: object = self.dataset.true_targets(
                given, source.domain, target.domain, source.split, self.seed
            )
        if not isinstance(found, Tensor) or found.shape != items.images.shape:
            raise PluginError(
                f"{who} gave no true targets of shape {tuple(items.images.shape)} for "
                f"{len(items)} items of {source.domain}"
            )
        return found.float().cpu()

    def _population(self, split: str, seed: int, kept: Kept) -> Population:
        domain = self.task.target.domain
        stream = CheckedStream(ItemStream(self.dataset, domain, split, seed))
        what = {
            "dataset": self.dataset.resolved(),
            "files": dict(self.dataset.files()),
            "domain": domain,
            "split": split,
            "seed": seed,
        }

        def extract(spec: str) -> Extracted:
            return kept.once(("features", spec), partial(self._extract, stream, what, spec))

        def once(key: str, compute: Callable[[], Tensor]) -> Tensor:
            return kept.once(("images", key), compute)

        return Population(stream, extract, once)

    def _extract(self, stream: CheckedStream, what: Mapping[str, Any], spec: str) -> Extracted:
        def compute() -> Extracted:
            batches = (part.images for part in stream.batches(POPULATION_BATCH))
            return self.extractors.extract_all(spec, batches)

        return self.keep({**what, "extractor": [spec, self.extractors.sha256(spec)]}, compute)
