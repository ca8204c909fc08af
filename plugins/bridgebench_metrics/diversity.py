"""How much outputs differ from each other: those of all sources, and those of one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import (
    BridgebenchError,
    Column,
    Metric,
    MetricContext,
    Observed,
    Score,
    influence_interval,
)
from bridgebench_metrics.features import OPTION, checked, feature_meter, reference_features

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor

REFERENCE_IMAGES = 2000
"""How many reference images are compared with each other: two million pairs."""


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
        from bridgebench_metrics.formulas.pairwise import mean_pairwise_distance

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


class SampleDiversity(Metric):
    """Sample diversity: how much the outputs of one source differ, against those of all sources.

    A stochastic method is asked for `k` outputs of each source, under different random numbers.
    Formula: W/B, with W the mean over sources of the mean Euclidean distance between the features
    of two outputs of that source, and B the mean distance between the outputs of two different
    sources, as in diversity. Unit: ratio. From 0, where the random numbers change nothing; 1 is
    where the source decides no more than they do; neither end is better.
    Not defined for a method that is not stochastic, or where all outputs have the same features.
    It takes k times the network evaluations, which do not count in the cost of the row.
    Interval: normal, from the influence function (w - W)/B - W/B²·2 (E|x - x'| - B), cut at 0,
    where w is the mean distance within a source. Items: the value plus each influence. An error
    below 2 images.
    Source: the diversity of Zhu et al. (BicycleGAN, NeurIPS 2017), the distance between samples of
    one input, in the features at hand instead of LPIPS and relative to that between inputs.
    """

    name: ClassVar[str] = "sample_diversity"

    k: int = Field(4, ge=2, le=64, description="outputs of each source")
    features: str = Field("", description=OPTION)

    @property
    def samples(self) -> int:
        """What the option `k` says."""
        return self.k

    def columns(self) -> tuple[Column, ...]:
        """The ratio."""
        return (
            Column(
                "sample_diversity",
                "ratio",
                "",
                "feature distance between outputs of one source over that between sources",
                low=0.0,
                interval=True,
            ),
        )

    def extractors(self, default: str) -> tuple[str, ...]:
        """The one that `features` names."""
        return (self.features or default,)

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter of features, and of the distance within each source."""
        from bridgebench import ItemMeter
        from bridgebench_metrics.formulas.pairwise import (
            mean_distance_of_samples,
            mean_pairwise_distance,
        )

        spec = self.features or context.extractor

        def measure(observed: Observed) -> Mapping[str, Tensor]:
            features = observed.extract(spec).features
            if observed.samples is None:
                return {"features": features, "within": features[:, 0].double() * math.nan}
            several = observed.samples[: self.k]
            seen = observed.extract_from(spec, several.flatten(0, 1)).features
            seen = checked(seen, "samples").reshape(*several.shape[:2], -1)
            return {"features": features, "within": mean_distance_of_samples(seen)}

        def summarize(values: Mapping[str, Tensor]) -> dict[str, Score]:
            within = values["within"]
            between, influence = mean_pairwise_distance(checked(values["features"], "outputs"))
            if within.isnan().any() or between == 0:
                return {"sample_diversity": Score(None)}
            value = within.mean().item() / between
            influence = (within - within.mean() - value * influence) / between
            estimate = influence_interval(value, influence, low=0.0)
            return {"sample_diversity": Score(*estimate, items=value + influence)}

        return ItemMeter(("features", "within"), measure, summarize)
