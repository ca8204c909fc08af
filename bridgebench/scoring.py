"""Translations to metrics: every feature is computed once, whoever needs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

import torch
from torch import Tensor

from bridgebench.chance import chance_name
from bridgebench.errors import PluginError
from bridgebench.interfaces.dataset import Dataset, Items
from bridgebench.interfaces.extractor import Extracted, Extractor, LoadedExtractor
from bridgebench.interfaces.metric import Metric, Observed, Population, Score
from bridgebench.plan.provenance import REFERENCE_SEED
from bridgebench.taskfile import TaskFile
from bridgebench.threads import one_thread

if TYPE_CHECKING:
    import torchmetrics

T = TypeVar("T")

EXTRACT_BATCH = 512

KeepExtracted = Callable[[Mapping[str, Any], Callable[[], Extracted]], Extracted]
"""What is seen in real images, given all that decides it and a way to compute it."""


def keep_nothing(what: Mapping[str, Any], compute: Callable[[], Extracted]) -> Extracted:
    """The value of `compute()`, every time."""
    return compute()


class Extractors:
    """The extractors of a run, each loaded at its first use."""

    def __init__(self, extractors: Mapping[str, Extractor], device: torch.device) -> None:
        self._extractors = dict(extractors)
        self._device = device
        self._loaded: dict[str, LoadedExtractor] = {}

    @torch.inference_mode()
    def extract(self, spec: str, images: Tensor) -> Extracted:
        """What an extractor sees in (B, C, H, W) images, on the CPU in float32."""
        if spec not in self._loaded:
            self._loaded[spec] = self._declared(spec).load(self._device)
        see = self._loaded[spec]
        parts = [see(chunk.to(self._device)) for chunk in torch.split(images, EXTRACT_BATCH)]
        features = torch.cat([part.features.float().cpu() for part in parts])
        logits = [part.logits.float().cpu() for part in parts if part.logits is not None]
        return Extracted(features, torch.cat(logits) if logits else None)

    def sha256(self, spec: str) -> str:
        """The hash of an extractor's weights."""
        return self._declared(spec).sha256()

    def _declared(self, spec: str) -> Extractor:
        if spec not in self._extractors:
            raise PluginError(
                f"extractor '{spec}' was not declared; a metric names what it needs in extractors()"
            )
        return self._extractors[spec]


@dataclass(frozen=True)
class Reference:
    """The real images that outputs are held against; a Yardstick for the metrics of one seed.

    keep    gives what is seen in real images
    of_run  what all seeds of a run share
    """

    task: TaskFile
    dataset: Dataset
    extractors: Extractors
    n: int
    seed: int
    keep: KeepExtracted = keep_nothing
    of_run: dict[str, Population] = field(default_factory=dict)
    _memo: dict[str, Any] = field(default_factory=dict)

    @property
    def extractor(self) -> str:
        """The task's own extractor; "" for a task without one."""
        return self.task.extractor or ""

    def reference(self) -> Population:
        """All real target images of the reference split, the same for every seed."""
        if "reference" not in self.of_run:
            split = self.task.target.reference
            self.of_run["reference"] = self._population(split, REFERENCE_SEED)
        return self.of_run["reference"]

    def held_out(self) -> Population:
        """All real target images of the other split, in the order of the seed."""
        return self.once(
            "held_out", partial(self._population, self.task.target.held_out, self.seed)
        )

    def once(self, key: str, compute: Callable[[], T]) -> T:
        """The value of `compute()`, computed once for each key."""
        if key not in self._memo:
            self._memo[key] = compute()
        return cast(T, self._memo[key])

    def _population(self, split: str, seed: int) -> Population:
        domain = self.task.target.domain
        items = self.dataset.items(domain, split, self.dataset.size(domain, split), seed)
        what = {
            "dataset": self.dataset.resolved(),
            "files": dict(self.dataset.files()),
            "domain": domain,
            "split": split,
            "seed": seed,
        }
        return Population(items, memoized(partial(self._extract, items, what)))

    def _extract(self, items: Items, what: Mapping[str, Any], spec: str) -> Extracted:
        return self.keep(
            {**what, "extractor": [spec, self.extractors.sha256(spec)]},
            lambda: self.extractors.extract(spec, items.images),
        )


def memoized(compute: Callable[[str], T]) -> Callable[[str], T]:
    """`compute`, called once for each word."""
    results: dict[str, T] = {}

    def once(word: str) -> T:
        if word not in results:
            results[word] = compute(word)
        return results[word]

    return once


class Scorer:
    """The meters of one cell, and a second one of each metric with a chance column.

    `partners` gives for the ids of a batch the source images that take the place of its own; a run
    of one image has none, and so no chance values.
    """

    def __init__(
        self,
        metrics: Sequence[Metric],
        reference: Reference,
        extractors: Extractors,
        partners: Callable[[Sequence[str]], Items],
    ) -> None:
        self._meters = [(metric, metric.meter(reference)) for metric in metrics]
        compared = [m for m in metrics if any(column.chance for column in m.columns())]
        self._chance = [(m, m.meter(reference)) for m in compared] if reference.n > 1 else []
        self._extractors = extractors
        self._partners = partners

    def update(
        self, source: Tensor, output: Tensor, ids: tuple[str, ...], cycled: Tensor | None
    ) -> None:
        """Take in a batch of outputs beside their sources, both (B, C, H, W) on the CPU."""
        extract = memoized(partial(self._see, output))
        observed = Observed(source, output, ids, cycled, extract)
        for _, meter in self._meters:
            meter.update(observed)
        if self._chance:
            others = self._partners(ids)
            observed = observed.beside(others.images, others.ids)
        for _, meter in self._chance:
            meter.update(observed)

    def compute(self) -> dict[str, Score]:
        """The number of every column; PluginError for a metric that does not fill its columns."""
        scores: dict[str, Score] = {}
        for metric, meter in self._meters:
            scores |= _computed(metric, meter)
        for metric, meter in self._chance:
            by_chance = _computed(metric, meter)
            for column in metric.columns():
                if column.chance:
                    scores[chance_name(column.name)] = Score(by_chance[column.name].value)
        return scores

    def _see(self, output: Tensor, spec: str) -> Extracted:
        return self._extractors.extract(spec, output)


def _computed(metric: Metric, meter: torchmetrics.Metric) -> dict[str, Score]:
    """What a meter computes: a score for each column of its metric."""
    with nullcontext() if metric.own_threads else one_thread():
        computed: dict[str, Score] = meter.compute()
    expected = {column.name for column in metric.columns()}
    if set(computed) != expected:
        raise PluginError(
            f"metric '{metric.name}' filled {sorted(computed)}, but its columns are "
            f"{sorted(expected)}"
        )
    return computed
