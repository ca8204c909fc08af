"""How much the outputs differ from each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import BridgebenchError, Column, Metric, MetricContext, Score, influence_interval
from bridgebench_metrics.features import OPTION, checked, feature_meter, reference_features
from bridgebench_metrics.formulas.chunks import CHUNK, tiles

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor

REFERENCE_IMAGES = 2000
"""How many reference images are compared with each other: two million pairs."""


def mean_pairwise_distance(features: Tensor, numbers: int = CHUNK) -> tuple[float, Tensor]:
    """The mean Euclidean distance between two of (n, F) features, n >= 2.

    `numbers` is how many distances are held at once.

    Returns:
        The mean, and the influence values (n,), whose mean is 0.
    """

    import torch

    n = len(features)
    sums = torch.zeros(n, dtype=torch.float64)
    for rows, columns in tiles(n, n, features.shape[1], numbers):
        distances = torch.cdist(features[rows].double(), features[columns].double())
        if rows == columns:
            distances.fill_diagonal_(0.0)
        sums[rows] += distances.sum(dim=1)
    each = sums / (n - 1)
    mean = each.mean()
    return mean.item(), 2.0 * (each - mean)


class Diversity(Metric):
    """Diversity: how much the outputs differ from each other, against real images.

    Formula: the mean Euclidean distance between the features of two outputs, over the same of the
    first 2,000 reference images (or all of them, where they are fewer). Unit: ratio. From 0, where
    all outputs are alike; 1 is as diverse as real images, and more than that is no better.
    Interval: normal, from the influence function 2 (E|x - x'| - mean), with the reference held
    fixed, cut at 0. Items: the value plus each influence. An error below 2 images.
    Source: the average pairwise distance of Zhu et al. (BicycleGAN, NeurIPS 2017), in the features
    at hand instead of LPIPS.
    """

    name: ClassVar[str] = "diversity"
    needs_reference: ClassVar[bool] = True

    features: str = Field("", description=OPTION)

    def columns(self) -> tuple[Column, ...]:
        """The ratio."""
        return (
            Column(
                "diversity",
                "ratio",
                "",
                "pairwise feature distance of the outputs over that of real images",
                low=0.0,
                interval=True,
            ),
        )

    def extractors(self, default: str) -> tuple[str, ...]:
        """The one that `features` names."""
        return (self.features or default,)

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter of features."""
        spec = self.features or context.extractor

        def real() -> float:
            distance, _ = mean_pairwise_distance(
                reference_features(context, spec)[:REFERENCE_IMAGES]
            )
            if distance == 0:
                raise BridgebenchError(
                    f"the reference images have all the same features under {spec}, so that "
                    "diversity has nothing to compare with; choose another extractor"
                )
            return distance

        def summarize(features: Tensor) -> dict[str, Score]:
            scale = context.once(f"diversity/{spec}", real)
            distance, influence = mean_pairwise_distance(checked(features, "outputs"))
            value, influence = distance / scale, influence / scale
            estimate = influence_interval(value, influence, low=0.0)
            return {"diversity": Score(*estimate, items=value + influence)}

        return feature_meter(spec, summarize)
