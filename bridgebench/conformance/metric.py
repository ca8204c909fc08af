"""Checks of metrics: columns, ranges, direction, and states that merge."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from bridgebench.conformance.check import ConformanceError, require
from bridgebench.conformance.claims import require_close, unchanged
from bridgebench.interfaces.metric import Column, Metric, Observed, Score
from bridgebench.toolkit.statistics.intervals import exact_share

if TYPE_CHECKING:
    import torchmetrics

    from bridgebench.conformance.bench import Bench, Gauge

IMAGES = 24
RELATIVE = 1e-5
FAR = 3.0
"""How far noise goes beyond the items, where these have no bounds."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_BETTER = ("higher", "lower", "")
Scores = Mapping[str, Score]


def columns(metric: Metric, bench: Bench) -> None:
    """Columns have names, words, a direction and a range, and all of them are filled."""
    said = metric.columns()
    require(bool(said), "at least one column", "none")
    for column in said:
        require(bool(_NAME.fullmatch(column.name)), "names of a-z, 0-9 and _", repr(column.name))
        require(bool(column.description), f"a description of the column {column.name}", "none")
        require(column.better in _BETTER, f"better as one of {_BETTER}", repr(column.better))
        low, high = _bounds(column.low, column.high)
        require(low < high, f"a range of {column.name} with low < high", f"{low:g} and {high:g}")
    names = {column.name for column in said}
    filled = set(_score(metric, bench, bench.metric_context(), "target"))
    require(filled == names, f"the columns {sorted(names)}", sorted(filled))


def ranges(metric: Metric, bench: Bench) -> None:
    """Values are finite, inside their range and interval; a share is that of a count."""
    for outputs in _OUTPUTS:
        scores = _score(metric, bench, bench.metric_context(), outputs)
        for column in metric.columns():
            score = scores[column.name]
            if score.value is None:
                continue
            value = float(score.value)
            low, high = _bounds(column.low, column.high)
            inside = math.isfinite(value) and low <= value <= high
            require(inside, f"{column.name} from {low:g} to {high:g}, or None", value)
            ends = (score.low, score.high)
            both = ends == (None, None) or (column.interval and None not in ends)
            said = "two ends or none" if column.interval else "none, as its column says"
            require(both, f"an interval of {column.name} with {said}", ends)
            if score.low is not None and score.high is not None:
                around = score.low <= value <= score.high
                require(around, f"an interval of {column.name} around {value:g}", ends)
            if column.share:
                _require_share(column, score, _count(bench))


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


def direction(metric: Metric, bench: Bench) -> None:
    """Noise is no better than the best of sources kept and real target images."""
    gauge = bench.metric_context()
    scores = {outputs: _score(metric, bench, gauge, outputs) for outputs in _OUTPUTS}
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


def items(metric: Metric, bench: Bench) -> None:
    """The statistic of each image, where there is one, is one number an image."""
    scores = _score(metric, bench, bench.metric_context(), "target")
    n = _count(bench)
    for name, score in scores.items():
        if score.items is not None:
            shape = tuple(score.items.shape)
            require(shape == (n,), f"items of {name} of shape ({n},)", shape)


def merge(metric: Metric, bench: Bench) -> None:
    """Two meters of half the images, merged, give what one meter of all of them gives."""
    gauge = _ready(metric, bench.metric_context())
    whole, first, second = (metric.meter(gauge) for _ in range(3))
    mergeable = whole.full_state_update is False and not whole.dist_sync_on_step
    wanted = "a meter with full_state_update = False, whose states torchmetrics can merge"
    require(mergeable, wanted, f"full_state_update = {whole.full_state_update}")
    parts = _observed(bench, gauge, "target", size=_count(bench))
    _feed(whole, parts)
    halves = list(_observed(bench, gauge, "target", size=-(-_count(bench) // 2)))
    _feed(first, halves[:1])
    _feed(second, halves[1:])
    second.merge_state(first)
    _require_same(second.compute(), whole.compute(), "merged halves to score as the whole does")


def batch_independence(metric: Metric, bench: Bench) -> None:
    """The scores do not depend on how the images are cut into batches."""
    gauge = bench.metric_context()
    whole = _score(metric, bench, gauge, "target", size=_count(bench))
    pieces = _score(metric, bench, gauge, "target", size=5)
    _require_same(pieces, whole, "the same scores in batches of 5 as in one")


def repeatability(metric: Metric, bench: Bench) -> None:
    """A fresh meter knows nothing of another one, and scores the same images the same."""
    gauge = bench.metric_context()
    first = _score(metric, bench, gauge, "target")
    _score(metric, bench, gauge, "noise")
    again = _score(metric, bench, gauge, "target")
    _require_same(again, first, "the same scores from a fresh meter")


def inputs(metric: Metric, bench: Bench) -> None:
    """Sources and outputs are left as they are."""
    gauge = _ready(metric, bench.metric_context())
    meter = metric.meter(gauge)
    for observed in _observed(bench, gauge, "target", size=_count(bench)):
        with unchanged(source=observed.source, output=observed.output):
            meter.update(observed)
            meter.compute()


def fingerprint(metric: Metric, bench: Bench) -> None:
    """It says which extractors it needs, and whether the reference images decide its numbers."""
    gauge = bench.fresh_metric_context()
    _score(metric, bench, gauge, "target")
    require(
        metric.needs_reference or "reference" not in gauge.looked,
        "needs_reference = True of a metric that looks at the reference images",
        "False; its fingerprint would not name them",
    )
    declared = set(metric.extractors(gauge.extractor))
    require(gauge.extracted <= declared, f"the extractors {declared}", gauge.extracted)
    version = metric.version
    require(isinstance(version, int) and version >= 1, "a version of 1 or more", version)


CHECKS = (
    columns,
    ranges,
    direction,
    items,
    merge,
    batch_independence,
    repeatability,
    inputs,
    fingerprint,
)


def _count(bench: Bench) -> int:
    return min(len(bench.source(IMAGES)), len(bench.target(IMAGES)))


def _source(bench: Bench) -> Tensor:
    return bench.source(IMAGES).images[: _count(bench)]


def _target(bench: Bench) -> Tensor:
    return bench.target(IMAGES).images[: _count(bench)]


def _noise(bench: Bench) -> Tensor:
    item = bench.task.item
    bounded = math.isfinite(item.high - item.low)
    scale = 1.0 if bounded else FAR * bench.spread
    return (scale * bench.noise(_count(bench)).cpu()).clamp(item.low, item.high)


_OUTPUTS = {"source": _source, "target": _target, "noise": _noise}
"""Outputs to score: the sources kept, real target images, and noise."""


def _observed(bench: Bench, gauge: Gauge, outputs: str, size: int) -> Iterator[Observed]:
    """Batches of outputs beside their sources; noise also takes the way back, others return."""
    source, output = _source(bench), _OUTPUTS[outputs](bench)
    cycled = output if outputs == "noise" else source
    ids = bench.source(IMAGES).ids
    for start in range(0, len(source), size):
        part = slice(start, start + size)
        yield Observed(
            source[part].clone(), output[part].clone(), ids[part], cycled[part], gauge.extract
        )


def _ready(metric: Metric, gauge: Gauge) -> Gauge:
    gauge.declare(metric)
    return gauge


def _score(metric: Metric, bench: Bench, gauge: Gauge, outputs: str, size: int = IMAGES) -> Scores:
    meter = metric.meter(_ready(metric, gauge))
    _feed(meter, _observed(bench, gauge, outputs, size))
    return _checked(meter.compute())


def _feed(meter: torchmetrics.Metric, observed: Iterator[Observed] | Sequence[Observed]) -> None:
    for each in observed:
        meter.update(each)


def _checked(computed: object) -> Scores:
    if not isinstance(computed, dict) or not all(isinstance(s, Score) for s in computed.values()):
        raise ConformanceError("compute() to give a dict from column to Score", repr(computed)[:80])
    return dict(computed)


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
