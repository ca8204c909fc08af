"""Translations to metrics: every feature is computed once, whoever needs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeVar, cast

import torch
from torch import Tensor

from bridgebench.errors import Damage, PluginError
from bridgebench.interfaces.dataset import Dataset, Items
from bridgebench.interfaces.extractor import Extracted, Extractor, LoadedExtractor
from bridgebench.interfaces.metric import Metric, Observed, Population, Score
from bridgebench.isolation.calls import copy_of, isolated, lent, same_bits
from bridgebench.isolation.unchanged import Sealed
from bridgebench.plan.chance import chance_name
from bridgebench.plan.provenance import REFERENCE_SEED
from bridgebench.tasks.task_file import TaskFile
from bridgebench.toolkit.threads import one_thread

if TYPE_CHECKING:
    import torchmetrics

T = TypeVar("T")

EXTRACT_BATCH = 512

MODIFIED = "a metric modified in place what all metrics are held against; it must clone it"

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
            with isolated(f"extractor '{spec}'"):
                self._loaded[spec] = self._declared(spec).load(self._device)
        parts = [self._see(spec, chunk) for chunk in torch.split(images, EXTRACT_BATCH)]
        features = torch.cat([part.features.float().cpu() for part in parts])
        logits = [part.logits.float().cpu() for part in parts if part.logits is not None]
        return Extracted(features, torch.cat(logits) if logits else None)

    def _see(self, spec: str, images: Tensor) -> Extracted:
        who = f"extractor '{spec}'"
        with lent(who, "images", images) as (given,), isolated(who):
            seen = self._loaded[spec](given.to(self._device))
        if not isinstance(seen, Extracted) or len(seen.features) != len(images):
            raise PluginError(f"{who} gave no features of {len(images)} images")
        return seen

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
    """The real images that outputs are held against; a MetricContext for the metrics of one seed.

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
    _seals: list[Sealed] = field(default_factory=list)

    def intact(self) -> bool:
        """Whether no metric has modified what all share."""
        return all(seal.intact() for seal in self._seals)

    def forget(self) -> None:
        """Load and compute all of it anew when it is asked for."""
        for kept in (self._seals, self._memo, self.of_run):
            kept.clear()

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
        if "held_out" not in self._memo:
            split = self.task.target.held_out
            self._memo["held_out"] = self._population(split, self.seed)
        return cast(Population, self._memo["held_out"])

    def once(self, key: str, compute: Callable[[], T]) -> T:
        """The value of `compute()`, computed once for each key."""
        if key not in self._memo:
            self._memo[key] = compute()
            self._seal(self._memo[key])
        return cast(T, self._memo[key])

    def _seal(self, value: object) -> Sealed:
        self._seals.append(Sealed.of(value))
        return self._seals[-1]

    def _population(self, split: str, seed: int) -> Population:
        domain = self.task.target.domain
        with isolated(f"dataset '{self.dataset.name}'"):
            items = self.dataset.items(domain, split, self.dataset.size(domain, split), seed)
        seal = self._seal(items.images)
        what = {
            "dataset": self.dataset.resolved(),
            "files": dict(self.dataset.files()),
            "domain": domain,
            "split": split,
            "seed": seed,
        }
        return Population(items, memoized(partial(self._extract, items, seal, what)))

    def _extract(self, items: Items, seal: Sealed, what: Mapping[str, Any], spec: str) -> Extracted:
        def compute() -> Extracted:
            seen = self.extractors.extract(spec, items.images)
            if not seal.intact():  # and what is seen would be kept for later runs
                raise Damage(MODIFIED)
            return seen

        seen = self.keep({**what, "extractor": [spec, self.extractors.sha256(spec)]}, compute)
        self._seal(seen)
        return seen


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
    of one image has none, and so no chance values. `alone` says that nothing else works while it
    takes in a batch, so that whatever changes the process meanwhile is a metric.
    """

    def __init__(
        self,
        metrics: Sequence[Metric],
        reference: Reference,
        extractors: Extractors,
        partners: Callable[[Sequence[str]], Items],
        alone: bool = True,
    ) -> None:
        self._meters = [(metric, _meter(metric, reference)) for metric in metrics]
        compared = [m for m in metrics if any(column.chance for column in m.columns())]
        self._chance = [(m, _meter(m, reference)) for m in compared] if reference.n > 1 else []
        self._extractors = extractors
        self._partners = partners
        self._isolated = isolated if alone else nullcontext
        self._seen = 0

    def update(
        self, source: Tensor, output: Tensor, ids: tuple[str, ...], cycled: Tensor | None
    ) -> None:
        """Take in a batch of outputs beside their sources, both (B, C, H, W) on the CPU."""
        extract = memoized(partial(self._see, output))
        self._seen += len(ids)
        copies = copy_of(source), copy_of(output), None if cycled is None else copy_of(cycled)
        observed = Observed(copies[0], copies[1], ids, copies[2], extract)
        self._take_in(self._meters, observed, (source, output, cycled))
        if self._chance:
            others = self._partners(ids)
            beside = observed.beside(copy_of(others.images), others.ids)
            self._take_in(self._chance, beside, (others.images, output, cycled))

    def _take_in(
        self,
        meters: Sequence[tuple[Metric, torchmetrics.Metric]],
        observed: Observed,
        originals: Sequence[Tensor | None],
    ) -> None:
        """Update some meters; Damage for a metric that modifies the copies it is given."""
        copies = (observed.source, observed.output, observed.cycled)
        for metric, meter in meters:
            who = f"metric '{metric.name}'"
            with self._isolated(who):
                meter.update(observed)
            for images, copy in zip(originals, copies, strict=True):
                if images is not None and copy is not None and not same_bits(images, copy):
                    raise Damage(f"{who} modified the images it measures; it must clone them")

    def compute(self) -> dict[str, Score]:
        """The number of every column; PluginError for a metric that does not fill its columns."""
        scores: dict[str, Score] = {}
        for metric, meter in self._meters:
            scores |= self._computed(metric, meter)
        for metric, meter in self._chance:
            by_chance = self._computed(metric, meter)
            for column in metric.columns():
                if column.chance:
                    scores[chance_name(column.name)] = Score(by_chance[column.name].value)
        return scores

    def _computed(self, metric: Metric, meter: torchmetrics.Metric) -> dict[str, Score]:
        """What a meter computes: a score for each column of its metric."""
        with isolated(f"metric '{metric.name}'"):
            with nullcontext() if metric.own_threads else one_thread():
                computed = meter.compute()
            columns = {column.name for column in metric.columns()}
        return checked_scores(metric.name, computed, columns, self._seen)

    def _see(self, output: Tensor, spec: str) -> Extracted:
        return self._extractors.extract(spec, output)


def _meter(metric: Metric, reference: Reference) -> torchmetrics.Metric:
    with isolated(f"metric '{metric.name}'"):
        return metric.meter(reference)


def checked_scores(name: str, computed: object, columns: set[str], n: int) -> dict[str, Score]:
    """What the meter of a metric computed; PluginError unless it is a number for each column."""
    if not isinstance(computed, dict) or not all(isinstance(key, str) for key in computed):
        raise PluginError(
            f"metric '{name}' computed a {type(computed).__name__}, expected a dict from column to "
            "Score"
        )
    if set(computed) != columns:
        raise PluginError(
            f"metric '{name}' filled {sorted(computed)}, but its columns are {sorted(columns)}"
        )
    for column, score in computed.items():
        if not isinstance(score, Score):
            raise PluginError(
                f"metric '{name}' gave a {type(score).__name__} in {column}, expected a Score"
            )
        for number in score[:3]:
            if not (number is None or (isinstance(number, int | float) and isfinite(number))):
                raise PluginError(
                    f"metric '{name}' gave {number!r:.40} in {column}, expected a finite number, "
                    "or None where it is not defined"
                )
        if score.items is not None and not (
            isinstance(score.items, Tensor) and score.items.numel() == n
        ):
            raise PluginError(
                f"metric '{name}' gave items in {column} that are not one number for each of {n} "
                "images"
            )
    return computed
