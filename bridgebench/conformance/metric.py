"""Checks of metrics: columns, ranges, direction, and states that merge."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import Tensor

from bridgebench.conformance.check import require
from bridgebench.conformance.claims import require_close
from bridgebench.conformance.items import joined
from bridgebench.execute.scoring import Scorer
from bridgebench.interfaces.metric import Column, Metric, Observed, Population, Score
from bridgebench.toolkit.statistics.intervals import exact_share

if TYPE_CHECKING:
    from bridgebench.conformance.harness import Harness
    from bridgebench.execute.reference import Reference
    from bridgebench.interfaces.dataset import Items

IMAGES = 24
RELATIVE = 1e-5
FAR = 3.0
"""How far noise goes beyond the items, where these have no bounds."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_BETTER = ("higher", "lower", "")
Scores = Mapping[str, Score]
T = TypeVar("T")


def run(metric: Metric, harness: Harness) -> None:
    """It fills its columns with finite numbers or None, and changes no image and nothing global.

    Also for a method with one output of each item and no way back.
    """
    for outputs in _OUTPUTS:
        _score(metric, harness, outputs)
    _measured(metric, harness, "target", bare=True)


def columns(metric: Metric, harness: Harness) -> None:
    """Columns have names, words, a direction and a range."""
    said = metric.columns()
    require(bool(said), "at least one column", "none")
    for column in said:
        require(bool(_NAME.fullmatch(column.name)), "names of a-z, 0-9 and _", repr(column.name))
        require(bool(column.description), f"a description of the column {column.name}", "none")
        require(column.better in _BETTER, f"better as one of {_BETTER}", repr(column.better))
        low, high = _bounds(column.low, column.high)
        require(low < high, f"a range of {column.name} with low < high", f"{low:g} and {high:g}")


def ranges(metric: Metric, harness: Harness) -> None:
    """Values are inside their range and their interval; a share is that of a count."""
    for outputs in _OUTPUTS:
        scores = _score(metric, harness, outputs)
        for column in metric.columns():
            score = scores[column.name]
            if score.value is None:
                continue
            value = float(score.value)
            low, high = _bounds(column.low, column.high)
            inside = low <= value <= high
            require(inside, f"{column.name} from {low:g} to {high:g}, or None", value)
            ends = (score.low, score.high)
            both = ends == (None, None) or (column.interval and None not in ends)
            said = "two ends or none" if column.interval else "none, as its column says"
            require(both, f"an interval of {column.name} with {said}", ends)
            if score.low is not None and score.high is not None:
                around = score.low <= value <= score.high
                require(around, f"an interval of {column.name} around {value:g}", ends)
            if column.share:
                _require_share(column, score, _count(harness))


def _require_share(column: Column, score: Score, n: int) -> None:
    """The value is a whole number of n outputs, and the interval the exact one of that number."""
    value = float(score.value or 0.0)
    count = round(value * n)
    wanted = f"the share {column.name} to be a whole number of {n} outputs"
    require(abs(value * n - count) < RELATIVE, wanted, f"{value:g}, which is {value * n:g} of them")
    if column.interval:
        right = exact_share(count, n)
        ends = tuple(None if end is None else round(end, 5) for end in (score.low, score.high))
        exact = tuple(None if end is None else round(end, 5) for end in (right.low, right.high))
        require(ends == exact, f"the interval of `exact_share` for {column.name}, {exact}", ends)


def direction(metric: Metric, harness: Harness) -> None:
    """Noise is no better than the best of sources kept and real target images."""
    scores = {outputs: _score(metric, harness, outputs) for outputs in _OUTPUTS}
    for column in metric.columns():
        if not column.better:
            continue
        sign = 1.0 if column.better == "higher" else -1.0
        ranked = {
            outputs: sign * value
            for outputs, found in scores.items()
            if (value := found[column.name].value) is not None
        }
        noise = ranked.pop("noise", None)
        if noise is None or not ranked:
            continue
        best = max(ranked.values())
        require(
            best >= noise,
            f"{column.name}, of which {column.better} is better, to rank real images over noise",
            f"{sign * best:.4g} for the best of {' and '.join(ranked)}, {sign * noise:.4g} for "
            "noise",
        )


def chance(metric: Metric, harness: Harness) -> None:
    """A column with `chance` compares outputs with their sources: it changes with the sources."""
    changed: set[str] = set()
    for outputs in _OUTPUTS:
        own = _score(metric, harness, outputs)
        others = _measured(metric, harness, outputs, permuted=True)
        changed |= {name for name, score in own.items() if not _equal(score, others[name])}
    for column in metric.columns():
        told = not column.chance or column.name in changed
        wanted = f"chance = False of {column.name}, which is the same beside other sources"
        require(told, wanted, "True")


def merge(metric: Metric, harness: Harness) -> None:
    """Two meters of half the images, merged, give what one meter of all of them gives."""
    reference = _reference(metric, harness)
    whole, first, second = (metric.meter(reference) for _ in range(3))
    mergeable = whole.full_state_update is False and not whole.dist_sync_on_step
    wanted = "a meter with full_state_update = False, whose states torchmetrics can merge"
    require(mergeable, wanted, f"full_state_update = {whole.full_state_update}")
    count = _count(harness)
    half = -(-count // 2)
    for meter, part in (
        (whole, slice(0, count)),
        (first, slice(0, half)),
        (second, slice(half, count)),
    ):
        meter.update(_observed(metric, harness, reference, part))
    second.merge_state(first)
    _require_same(second.compute(), whole.compute(), "merged halves to score as the whole does")


def batch_independence(metric: Metric, harness: Harness) -> None:
    """The scores do not depend on how the images are cut into batches."""
    pieces = _measured(metric, harness, "target", size=5)
    _require_same(pieces, _score(metric, harness, "target"), "the same scores in batches of 5")


def repeatability(metric: Metric, harness: Harness) -> None:
    """A fresh meter knows nothing of another one, and scores the same images the same."""
    again = _measured(metric, harness, "target")
    _require_same(again, _score(metric, harness, "target"), "the same scores from a fresh meter")


def fingerprint(metric: Metric, harness: Harness) -> None:
    """It says whether it looks at the reference images, and has a version."""
    context = _WatchedContext(harness.reference(metric, _count(harness)), [])
    meter = metric.meter(context)
    part = slice(0, _count(harness))
    meter.update(_observed(metric, harness, context.inner, part))
    meter.compute()
    require(
        metric.needs_reference or not context.looked,
        "needs_reference = True of a metric that looks at the reference images",
        "False; its fingerprint would not name them",
    )
    version = metric.version
    require(isinstance(version, int) and version >= 1, "a version of 1 or more", version)


CHECKS = (
    run,
    columns,
    ranges,
    direction,
    chance,
    merge,
    batch_independence,
    repeatability,
    fingerprint,
)


@dataclass(frozen=True)
class _WatchedContext:
    """A metric context that records whether the reference images are looked at."""

    inner: Reference
    looked: list[str]

    @property
    def n(self) -> int:
        return self.inner.n

    @property
    def seed(self) -> int:
        return self.inner.seed

    @property
    def extractor(self) -> str:
        return self.inner.extractor

    def reference(self) -> Population:
        self.looked.append("reference")
        return self.inner.reference()

    def held_out(self) -> Population:
        return self.inner.held_out()

    def once(self, key: str, compute: Callable[[], T]) -> T:
        return self.inner.once(key, compute)


def _count(harness: Harness) -> int:
    return min(len(harness.source(IMAGES)), len(harness.target(IMAGES)))


def _source(harness: Harness) -> Tensor:
    return harness.source(_count(harness)).images


def _target(harness: Harness) -> Tensor:
    return harness.target(_count(harness)).images


def _noise(harness: Harness) -> Tensor:
    item = harness.task.item
    scale = 1.0 if math.isfinite(item.high - item.low) else FAR * harness.spread
    return (scale * harness.noise(_count(harness)).cpu()).clamp(item.low, item.high)


_OUTPUTS = {"source": _source, "target": _target, "noise": _noise}
"""Outputs to score: the sources kept, real target images, and noise."""


def _reference(metric: Metric, harness: Harness) -> Reference:
    """The real images, with what was computed of them for the checks before."""
    key = ("reference", type(metric), metric.spec)
    return harness.once(key, lambda: harness.reference(metric, _count(harness)))


def _score(metric: Metric, harness: Harness, outputs: str) -> Scores:
    """The scores of some outputs, computed once."""
    key = ("scores", type(metric), metric.spec, outputs)
    return harness.once(key, lambda: _measured(metric, harness, outputs))


@torch.inference_mode()
def _measured(
    metric: Metric,
    harness: Harness,
    outputs: str,
    size: int = IMAGES,
    permuted: bool = False,
    bare: bool = False,
) -> Scores:
    """The scores of some outputs beside their sources, or beside the next ones, as in a run."""
    reference, images = _reference(metric, harness), _OUTPUTS[outputs](harness)
    items = harness.source(len(images))
    each = list(items.batches(1))
    next_to = dict(zip(items.ids, [*each[1:], each[0]], strict=True))

    def partners(ids: Sequence[str]) -> Items:
        return joined([next_to[item] for item in ids])

    scorer = Scorer([metric], reference, reference.extractors, partners)
    for start in range(0, len(items), size):
        source, output = items.slice(start, start + size), images[start : start + size]
        source = partners(source.ids) if permuted else source
        back, samples = _wanted(metric, source.images, output, outputs)
        scorer.update(source, output, *(() if bare else (back, samples)))
    return scorer.compute()


def _wanted(
    metric: Metric, source: Tensor, output: Tensor, outputs: str
) -> tuple[Tensor | None, Tensor | None]:
    """What a metric is given besides outputs where it asks for it: translated back, samples.

    Noise is translated back to noise, anything else to its source.
    """
    back = output if outputs == "noise" else source
    others = [output.roll(k, -1) for k in range(1, metric.samples)]  # of each item alone
    samples = torch.stack([output, *others]) if others else None
    return back if metric.needs_cycle else None, samples


def _observed(metric: Metric, harness: Harness, reference: Reference, part: slice) -> Observed:
    """Real target images beside source images, as a scorer hands them to a meter."""
    source = harness.source(_count(harness)).slice(part.start, part.stop)
    output = _target(harness)[part]
    back, samples = _wanted(metric, source.images, output, "target")
    target = reference.true_targets(source) if metric.needs_pairs else None
    extract = reference.extractors.extract
    return Observed(source.images, output, source.ids, back, extract, target, samples)


def _equal(one: Score, other: Score) -> bool:
    same_items = one.items is None or other.items is None or torch.equal(one.items, other.items)
    return one.value == other.value and same_items


def _require_same(found: Scores, wanted: Scores, what: str) -> None:
    for name, score in wanted.items():
        for part, one, other in zip(("", "_low", "_high"), found[name], score, strict=False):
            same = one == other or (
                one is not None
                and other is not None
                and math.isclose(float(one), float(other), rel_tol=RELATIVE, abs_tol=RELATIVE)
            )
            require(same, f"{what}: {name}{part} of {other}", one)
        _require_same_items(found[name].items, score.items, f"{what}: items of {name}")


def _require_same_items(found: Tensor | None, wanted: Tensor | None, what: str) -> None:
    if found is None or wanted is None:
        require(found is wanted, what, "items here and None there")
        return
    one, other = torch.nan_to_num(found), torch.nan_to_num(wanted)
    require_close(one, other, RELATIVE * max(other.abs().max().item(), 1.0), what)


def _bounds(low: float | None, high: float | None) -> tuple[float, float]:
    return -math.inf if low is None else low, math.inf if high is None else high
