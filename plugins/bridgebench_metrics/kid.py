"""The kernel distance of features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field
from torch import Tensor

from bridgebench import Column, Estimate, Metric, Score, Yardstick, positive_interval
from bridgebench_metrics.features import (
    OPTION,
    all_alike,
    checked,
    feature_meter,
    reference_features,
)

if TYPE_CHECKING:
    import torchmetrics

Array = npt.NDArray[np.float64]

BLOCKS = 16
"""Blocks of the reference at most: its share of the variance is then a sixteenth of the row's."""


@dataclass(frozen=True)
class Blocks:
    """The reference cut into equal blocks without overlap.

    features  (blocks·m, F)
    within    (m, m) the kernel between the images of a block, averaged over the blocks
    """

    features: Array
    within: Array


def blocks_of(reference: Array, size: int) -> Blocks:
    """The first BLOCKS blocks of `size` images, or as many as there are whole."""
    used = reference[: min(BLOCKS, len(reference) // size) * size]
    within = [_kernel(block, block) for block in used.reshape(-1, size, used.shape[1])]
    return Blocks(used, np.mean(within, axis=0))


@dataclass(frozen=True)
class KernelDistance:
    """The unbiased squared MMD of some features.

    value      averaged over the blocks of the reference
    bias       what the estimate that pairs each image with itself, and so is not below 0, has more
    influence  (m,), of mean 0
    """

    value: float
    bias: float
    influence: Array


def kernel_distance(features: Array, reference: Blocks) -> KernelDistance:
    """The unbiased squared MMD, averaged over the blocks, with the influence of each image.

    The estimate is linear in the kernel matrices, so that their means over the blocks give the
    mean of the estimates.

    Args:
        features: (m, F), as many as a block has, m >= 2.
        reference: the blocks.
    """
    from torch_fidelity.metric_kid import mmd2

    m = len(features)
    same = _kernel(features, features)  # (m, m)
    across = _kernel(features, reference.features).reshape(m, -1, m).mean(axis=1)  # (m, m)
    value = float(mmd2(same, across, reference.within))
    own = (same.sum(axis=1) - same.diagonal()) / (m - 1) - across.mean(axis=1)
    apart = (same.sum() - same.trace()) / (m * (m - 1))
    bias = float(same.trace() / m - apart) / m
    return KernelDistance(value, bias, 2.0 * (own - own.mean()))


def kernel_interval(distance: KernelDistance) -> Estimate:
    """The distance with the interval of the biased estimate, which is above 0, moved by the bias.

    Near the floor the unbiased estimate is as skewed as a sum of squares less its mean: a normal
    interval covers as little as 90 % there.
    """
    shifted = positive_interval(distance.value + distance.bias, distance.influence)
    ends = [None if end is None else end - distance.bias for end in shifted[1:]]
    return Estimate(distance.value, *ends)


def _kernel(first: Array, second: Array) -> Array:
    from torch_fidelity.metric_kid import kernel_poly

    kernel: Array = kernel_poly(
        first, second, kid_kernel_poly_degree=3, kid_kernel_poly_gamma=None, kid_kernel_poly_coef0=1
    )
    return kernel


class Kid(Metric):
    """KID: the kernel distance between the features of the outputs and of the reference images.

    Formula: the unbiased estimate of the squared maximum mean discrepancy with the kernel
    (xᵀy/F + 1)³, by torch-fidelity's functions: all outputs against the first 16 blocks of the
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

    features: str = Field("", description=OPTION)

    def columns(self) -> tuple[Column, ...]:
        """The distance."""
        return (
            Column("kid", "", "lower", "kernel distance to the reference images", interval=True),
        )

    def extractors(self, default: str) -> tuple[str, ...]:
        """The one that `features` names."""
        return (self.features or default,)

    def meter(self, yardstick: Yardstick) -> torchmetrics.Metric:
        """A meter of features."""
        spec = self.features or yardstick.extractor

        def summarize(features: Tensor) -> dict[str, Score]:
            features = checked(features, "outputs")
            if all_alike(features):
                return {"kid": Score(None)}
            n = len(features)

            def blocks() -> Blocks:
                reference = reference_features(yardstick, spec)
                return blocks_of(reference.numpy(), min(n, len(reference)))

            reference = yardstick.once(f"kid/{spec}/{n}", blocks)
            used = features[: len(reference.within)]
            distance = kernel_distance(used.numpy(), reference)
            of_images = distance.value + distance.influence
            items = used.new_tensor(of_images) if len(used) == n else None
            return {"kid": Score(*kernel_interval(distance), items=items)}

        return feature_meter(spec, summarize)
