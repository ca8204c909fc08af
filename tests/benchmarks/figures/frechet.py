"""The FID of given features, by torch-fidelity and by the metric `fid`."""

from __future__ import annotations

from typing import Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor

from bridgebench.errors import UsageError
from bridgebench.interfaces.metric import Metric
from bridgebench.plugins.registry import Kind, Registry
from bridgebench.plugins.specs import build
from figures.ratio import Ratio, Reach, in_turns

Fitted = TypeVar("Fitted")


@runtime_checkable
class FeatureDistance(Protocol[Fitted]):
    """A metric that gives its distance of features without anything beside it."""

    def fit(self, features: Tensor) -> Fitted:
        """What features are compared with."""

    def distance(self, features: Tensor, reference: Fitted) -> float:
        """The distance alone."""


def fid_speed(registry: Registry, width: int, rounds: int, calls: int = 1) -> Ratio:
    """The distance alone, of 2,500 features to a reference whose own statistics are known.

    `calls` is how many of each make a turn.
    """
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    real, made = given_features(width, 1), given_features(width, 0)
    metric = build(registry, Kind.METRIC, Metric, "fid")
    if not isinstance(metric, FeatureDistance):
        raise UsageError(
            "the installed metric fid has no `fit` and `distance` to be timed alone; leave its "
            "figure out with --skip fid"
        )
    ours, theirs = metric.fit(real), fid_features_to_statistics(real)
    return in_turns(
        f"FID alone of given features, {width} wide: torch-fidelity's / this",
        Reach.at_least(2),
        lambda: fid_statistics_to_metric(fid_features_to_statistics(made), theirs, verbose=False),
        lambda: metric.distance(made, ours),
        rounds,
        calls,
    )


def given_features(width: int, seed: int) -> Tensor:
    """Normal features, (2500, width) float64."""
    random = torch.Generator().manual_seed(seed)
    return torch.randn(2500, width, generator=random, dtype=torch.float64)
