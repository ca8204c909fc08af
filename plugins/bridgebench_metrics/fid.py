"""The Fréchet distance of features."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field
from torch import Tensor

from bridgebench import Column, Metric, Score, Yardstick, influence_interval
from bridgebench_metrics.features import (
    OPTION,
    all_alike,
    checked,
    feature_meter,
    held_out_features,
    reference_features,
)
from bridgebench_metrics.frechet import frechet, gaussian

if TYPE_CHECKING:
    import torchmetrics


class Fid(Metric):
    """FID: the Fréchet distance between the features of the outputs and of the reference images.

    Formula: |μ - m|² + Tr(S + C - 2 (S C)^½), with mean μ and covariance S of the outputs, m and C
    of the reference, covariances with n - 1, in float64, the trace of the root as the sum of the
    square roots of the eigenvalues of C^½ S C^½, clipped at 0. No constant is added anywhere.
    Unit: squared feature distance. Lower is better; 0 and above. It is biased upwards at finite n,
    so compare it with the floor: the FID of held-out real images, as many as there are outputs (or
    all of them where they are fewer, which makes the floor higher).
    Interval: normal, from the influence function, around the expectation at this n, cut at 0. With
    d = x - μ and G = C^½ (C^½ S C^½)^-½ C^½, the influence of an image x is
    2 dᵀ(μ - m) + n/(n-1)·dᵀ(I - G) d - Tr((I - G) S). Near the floor, where n is not far above
    the number of features, it is too wide. Items: the value plus each influence.
    Not defined where all outputs have the same features; an error below 2 images.
    Source: Heusel et al., NeurIPS 2017; Dowson and Landau, 1982.
    """

    name: ClassVar[str] = "fid"
    needs_reference: ClassVar[bool] = True

    features: str = Field("", description=OPTION)

    def columns(self) -> tuple[Column, ...]:
        """The distance and its floor."""
        unit = "squared feature distance"
        return (
            Column(
                "fid", unit, "lower", "Fréchet distance to the reference images", 0.0, interval=True
            ),
            Column("fid_floor", unit, "", "the same of as many held-out real images", 0.0),
        )

    def extractors(self, default: str) -> tuple[str, ...]:
        """The one that `features` names."""
        return (self.features or default,)

    def meter(self, yardstick: Yardstick) -> torchmetrics.Metric:
        """A meter of features."""
        spec = self.features or yardstick.extractor

        def summarize(features: Tensor) -> dict[str, Score]:
            features = checked(features, "outputs")
            fitted = yardstick.once(
                f"fid/{spec}/reference", lambda: gaussian(reference_features(yardstick, spec))
            )
            n = len(features)
            floor = yardstick.once(
                f"fid/{spec}/floor/{n}",
                lambda: frechet(held_out_features(yardstick, spec, n), fitted)[0],
            )
            if all_alike(features):
                return {"fid": Score(None), "fid_floor": Score(floor)}
            value, influence = frechet(features, fitted)
            estimate = influence_interval(value, influence, low=0.0)
            return {
                "fid": Score(*estimate, items=value + influence),
                "fid_floor": Score(floor),
            }

        return feature_meter(spec, summarize)
