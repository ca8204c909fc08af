"""The Fréchet distance of features."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import Column, Metric, MetricContext, Score, positive_interval
from bridgebench_metrics.features import (
    OPTION,
    all_alike,
    checked,
    feature_meter,
    held_out_features,
    reference_features,
)

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor

    from bridgebench_metrics.formulas.frechet import Gaussian


class Fid(Metric):
    """FID: the Fréchet distance between the features of the outputs and of the reference images.

    Formula: |μ - m|² + Tr(S + C - 2 (S C)^½), with mean μ and covariance S of the outputs, m and C
    of the reference, covariances with n - 1, in float64, the trace of the root as the sum of the
    square roots of the eigenvalues of C^½ S C^½, clipped at 0. No constant is added anywhere.
    Unit: squared feature distance. Lower is better; 0 and above. It is biased upwards at finite n,
    so compare it with the floor: the FID of held-out real images, as many as there are outputs (or
    all of them where they are fewer, which makes the floor higher). `fid_infinity` is where a
    straight line in 1/n through the FIDs of 5, 6, 7 and 8 eighths of the outputs ends at 1/n = 0;
    it has almost no bias, may be below 0, and is not there for n up to 1.6 times the features.
    Interval: around the expectation at this n, value·exp(±t·error/value), with the error from the
    influence function: with d = x - μ and G = C^½ (C^½ S C^½)^-½ C^½, the influence of an image x
    is 2 dᵀ(μ - m) + n/(n-1)·dᵀ(I - G) d - Tr((I - G) S). The variance of second order, which it
    counts twice, is taken off; t is Student's with the degrees of freedom that the kurtosis of the
    influence leaves. Items: the value plus each influence.
    Not defined where all outputs have the same features; an error below 2 images.
    Source: Heusel et al., NeurIPS 2017; Dowson and Landau, 1982; Chong and Forsyth, CVPR 2020.
    """

    name: ClassVar[str] = "fid"
    version: ClassVar[int] = 2
    needs_reference: ClassVar[bool] = True
    own_threads: ClassVar[bool] = True

    features: str = Field("", description=OPTION)

    def columns(self) -> tuple[Column, ...]:
        """The distance, its floor, and the distance extrapolated."""
        unit = "squared feature distance"
        return (
            Column(
                "fid", unit, "lower", "Fréchet distance to the reference images", 0.0, interval=True
            ),
            Column("fid_floor", unit, "", "the same of as many held-out real images", 0.0),
            Column(
                "fid_infinity", unit, "lower", "the same extrapolated to endlessly many outputs"
            ),
        )

    def extractors(self, default: str) -> tuple[str, ...]:
        """The one that `features` names."""
        return (self.features or default,)

    def fit(self, features: Tensor) -> Gaussian:
        """What `distance` compares with, of (N, F) features on the CPU; an error below 2 images."""
        from bridgebench_metrics.formulas.frechet import gaussian

        return gaussian(features)

    def distance(self, features: Tensor, reference: Gaussian) -> float:
        """The distance alone of (n, F) features on the CPU, as the column `fid` has it."""
        from bridgebench_metrics.formulas.frechet import frechet_distance

        return frechet_distance(features, reference)

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter of features."""
        from bridgebench_metrics.formulas.finite_n import measured
        from bridgebench_metrics.formulas.frechet import frechet_distance, gaussian

        spec = self.features or context.extractor

        def summarize(features: Tensor) -> dict[str, Score]:
            features = checked(features, "outputs")
            fitted = context.once(
                f"fid/{spec}/reference", lambda: gaussian(reference_features(context, spec))
            )
            n = len(features)
            floor = context.once(
                f"fid/{spec}/floor/{n}",
                lambda: frechet_distance(held_out_features(context, spec, n), fitted),
            )
            scores = {"fid": Score(None), "fid_floor": Score(floor), "fid_infinity": Score(None)}
            if all_alike(features):
                return scores
            found = measured(features, context.seed, fitted)
            value = max(found.value, 0.0)  # rounding
            estimate = positive_interval(value, found.influence, found.excess)
            return scores | {
                "fid": Score(*estimate, items=value + found.influence),
                "fid_infinity": Score(found.infinity),
            }

        return feature_meter(spec, summarize)
