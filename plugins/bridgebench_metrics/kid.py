"""The kernel distance of features."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import Column, Metric, MetricContext, Score
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


class Kid(Metric):
    """KID: the kernel distance between the features of the outputs and of the reference images.

    Formula: the unbiased estimate of the squared maximum mean discrepancy with the kernel
    (xᵀy/F + 1)³, both as torch-fidelity has them: all outputs against the first 16 blocks of the
    reference (or as many as it has), each as long as the row, averaged over the blocks. If the
    reference has fewer images than the row, as many outputs as it has are used. Unit: none.
    Lower is better; unbiased at any n, and so around 0, also below it, for outputs as good as
    real images.
    Interval: with the reference held fixed, of the biased estimate, which pairs each image with
    itself too and is above 0, as value·exp(±t·error/value), moved by the bias; the error is that of
    the influence function 2 (E k(x, x') - E k(x, y)), centered. Items: the value plus each
    influence.
    Not defined where all outputs have the same features; an error below 2 images.
    Source: Bińkowski et al., ICLR 2018.
    """

    name: ClassVar[str] = "kid"
    version: ClassVar[int] = 2
    needs_reference: ClassVar[bool] = True
    libraries: ClassVar[tuple[str, ...]] = ("torch-fidelity",)

    features: str = Field("", description=OPTION)

    def columns(self) -> tuple[Column, ...]:
        """The distance."""
        return (
            Column("kid", "", "lower", "kernel distance to the reference images", interval=True),
        )

    def extractors(self, default: str) -> tuple[str, ...]:
        """The one that `features` names."""
        return (self.features or default,)

    def meter(self, context: MetricContext) -> torchmetrics.Metric:
        """A meter of features."""
        import torch

        from bridgebench_metrics.formulas.kernel import (
            Blocks,
            blocks_of,
            kernel_distance,
            kernel_interval,
        )

        spec = self.features or context.extractor

        def summarize(features: Tensor) -> dict[str, Score]:
            features = checked(features, "outputs")
            if all_alike(features):
                return {"kid": Score(None)}
            n = len(features)

            def blocks() -> Blocks:
                reference = reference_features(context, spec)
                return blocks_of(reference.numpy(), min(n, len(reference)))

            reference = context.once(f"kid/{spec}/{n}", blocks)
            used = features[: reference.size]
            distance = kernel_distance(used.numpy(), reference)
            of_images = distance.value + distance.influence
            items = torch.from_numpy(of_images) if len(used) == n else None
            return {"kid": Score(*kernel_interval(distance), items=items)}

        return feature_meter(spec, summarize)
