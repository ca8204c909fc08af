"""The FID of given features, by torch-fidelity and by the metric `fid`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

from bridgebench.bench.ratio import Ratio, Reach, in_turns
from bridgebench.interfaces.dataset import Items
from bridgebench.interfaces.extractor import Extracted
from bridgebench.interfaces.metric import Metric, Observed, Population
from bridgebench.registry import Kind, Registry
from bridgebench.specs import build

T = TypeVar("T")


@dataclass(frozen=True)
class Given:
    """A yardstick of given features."""

    features: Tensor
    n: int
    seed: int = 0
    extractor: str = "given"
    _kept: dict[str, Any] = field(default_factory=dict)

    def reference(self) -> Population:
        """Those features."""
        items = Items(self.features[:, None, None, :], ("",) * len(self.features), ("",) * self.n)
        return Population(items, lambda spec: Extracted(self.features, None))

    def held_out(self) -> Population:
        """The same ones."""
        return self.reference()

    def once(self, key: str, compute: Callable[[], T]) -> T:
        """The value of `compute()`, computed once for each key."""
        if key not in self._kept:
            self._kept[key] = compute()
        return cast(T, self._kept[key])


def fid_speed(registry: Registry, width: int, rounds: int) -> Ratio:
    """The FID of 2,500 features to a reference whose own statistics are known."""
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    real, made = _features(width, 1), _features(width, 0)
    reference = fid_features_to_statistics(real)
    yardstick = Given(real, len(real))
    metric = build(registry, Kind.METRIC, Metric, "fid")

    def ours() -> float:
        meter = metric.meter(yardstick)
        image = made[:, None, None, :]
        seen = Extracted(made, None)
        meter.update(Observed(image, image, ("",) * len(made), None, lambda spec: seen))
        value: float = meter.compute()["fid"].value
        return value

    def theirs() -> float:
        statistics = fid_features_to_statistics(made)
        metric = fid_statistics_to_metric(statistics, reference, verbose=False)
        return float(next(iter(metric.values())))

    return in_turns(
        f"torch-fidelity's FID of given features, {width} wide / this",
        Reach.at_least(2),
        theirs,
        ours,
        rounds,
    )


def _features(width: int, seed: int) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(2500, width, generator=random, dtype=torch.float64)
