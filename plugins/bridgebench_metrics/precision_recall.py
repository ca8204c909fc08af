"""Precision and recall of features."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import BridgebenchError, Column, Metric, MetricContext, Score, exact_share
from bridgebench_metrics.features import (
    OPTION,
    all_alike,
    checked,
    feature_meter,
    reference_features,
)

if TYPE_CHECKING:
    import torchmetrics
    from torch import Tensor


DISTANCES = 2**23
"""How many distances are in memory at once, 64 MiB."""


class PrecisionRecall(Metric):
    """Precision and recall: outputs that look real, and real images that outputs look like.

    Formula: precision is the share of outputs that lie within the ball of some reference image,
    whose radius is the distance to its k-th nearest fellow; recall is the share of reference images
    within the balls of the outputs. By torch-fidelity's functions, against the first images of the
    reference, as many as there are outputs (or all of them, where they are fewer). Unit: share.
    Higher is better; from 0 to 1, and both depend on n.
    Interval: exact (Clopper-Pearson) for precision, with the reference held fixed; none for recall,
    whose balls are themselves drawn.
    Not defined where all outputs have the same features; an error for k images or fewer. The
    columns say `feature_`, because a row has a numerical precision as well.
    Source: Kynkäänniemi et al., NeurIPS 2019.
    """

    name: ClassVar[str] = "precision_recall"
    version: ClassVar[int] = 2
    needs_reference: ClassVar[bool] = True
    libraries: ClassVar[tuple[str, ...]] = ("torch-fidelity",)

    features: str = Field("", description=OPTION)
    k: int = Field(3, ge=1, description="which nearest neighbor gives the radius")

    def columns(self) -> tuple[Column, ...]:
        """The two shares."""
        return (
            Column(
                "feature_precision",
                "share",
                "higher",
                "outputs within the reference manifold",
                low=0.0,
                high=1.0,
                interval=True,
                share=True,
            ),
            Column(
                "feature_recall",
                "share",
                "higher",
                "reference images within the manifold of the outputs",
                low=0.0,
                high=1.0,
            ),
        )

    def extractors(self, default: str) -> tuple[str, ...]:
        """The one that `features` names."""
        return (self.features or default,)

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter of features."""
        from torch_fidelity.metric_prc import calculate_precision_recall_part

        spec = self.features or context.extractor

        def summarize(features: Tensor) -> dict[str, Score]:
            features = checked(features, "outputs")
            if all_alike(features):
                return {"feature_precision": Score(None), "feature_recall": Score(None)}
            reference = context.once(
                f"precision_recall/{spec}", lambda: reference_features(context, spec)
            )[: len(features)]
            if min(len(features), len(reference)) <= self.k:
                raise BridgebenchError(
                    f"precision and recall with k={self.k} need more than {self.k} images on each "
                    f"side, got {len(features)} outputs and {len(reference)} of the reference; "
                    "raise n or lower k"
                )
            at_once = max(1, DISTANCES // max(len(features), len(reference)))
            precision, recall = calculate_precision_recall_part(
                features.double(), reference.double(), self.k, at_once
            )
            inside = round(precision * len(features))
            return {
                "feature_precision": Score(*exact_share(inside, len(features))),
                "feature_recall": Score(float(recall)),
            }

        return feature_meter(spec, summarize)
