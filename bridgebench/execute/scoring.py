"""Translations to metrics: every feature is computed once, whoever needs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING

from torch import Tensor

from bridgebench.errors import Damage, PluginError
from bridgebench.execute.features import Extractors
from bridgebench.execute.reference import Reference
from bridgebench.interfaces.dataset import Items
from bridgebench.interfaces.metric import Metric, Observed, Score
from bridgebench.isolation.calls import copy_of, isolated, same_bits
from bridgebench.plan.chance import chance_name
from bridgebench.toolkit.threads import one_thread

if TYPE_CHECKING:
    import torchmetrics

    Meters = Sequence[tuple[Metric, torchmetrics.Metric]]


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
        self._reference = reference
        self._partners = partners
        self._isolated = isolated if alone else nullcontext
        self._seen = 0

    def update(
        self,
        source: Items,
        output: Tensor,
        cycled: Tensor | None = None,
        samples: Tensor | None = None,
    ) -> None:
        """Take in a batch of outputs and their sources, on the CPU; see `Observed`."""
        self._seen += len(source)
        target = self._targets(source, self._meters)
        extract = self._extractors.extract
        observed = Observed(source.images, output, source.ids, cycled, extract, target, samples)
        copies = _copies_of(observed)
        self._take_in(self._meters, observed, copies)
        if self._chance:
            others = self._partners(source.ids)
            target = self._targets(others, self._chance)
            observed = observed.beside(others.images, others.ids, target)
            copies = copies.beside(copy_of(others.images), others.ids, _copy_of(target))
            self._take_in(self._chance, observed, copies)

    def _targets(self, items: Items, meters: Meters) -> Tensor | None:
        wanted = any(metric.needs_pairs for metric, _ in meters)
        return self._reference.true_targets(items) if wanted else None

    def _take_in(self, meters: Meters, originals: Observed, copies: Observed) -> None:
        """Update some meters with copies; Damage for a metric that modifies them."""
        for metric, meter in meters:
            who = f"metric '{metric.name}'"
            with self._isolated(who):
                meter.update(copies)
            for images, copy in zip(_images_of(originals), _images_of(copies), strict=True):
                if not same_bits(images, copy):
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


def _images_of(observed: Observed) -> list[Tensor]:
    every = (observed.source, observed.output, observed.cycled, observed.target, observed.samples)
    return [images for images in every if images is not None]


def _copies_of(observed: Observed) -> Observed:
    return replace(
        observed,
        source=copy_of(observed.source),
        output=copy_of(observed.output),
        cycled=_copy_of(observed.cycled),
        target=_copy_of(observed.target),
        samples=_copy_of(observed.samples),
    )


def _copy_of(images: Tensor | None) -> Tensor | None:
    return None if images is None else copy_of(images)


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
