"""The kernel distance between two sets of features, and the influence of each image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bridgebench import Estimate, positive_interval
from bridgebench_metrics.formulas.chunks import CHUNK, tiles

Array = npt.NDArray[np.floating]

BLOCKS = 16
"""Blocks of the reference at most: its share of the variance is then a sixteenth of the row's."""


@dataclass(frozen=True)
class Blocks:
    """The reference cut into equal blocks without overlap.

    features  (blocks·m, F)
    size      m
    within    the mean kernel between two images of a block, averaged over the blocks
    """

    features: Array
    size: int
    within: float


def blocks_of(reference: Array, size: int, numbers: int = CHUNK) -> Blocks:
    """The first BLOCKS blocks of `size` images, or as many as there are whole."""
    used = reference[: min(BLOCKS, len(reference) // size) * size]
    within = []
    for block in used.reshape(-1, size, used.shape[1]):
        apart, _ = _pairs_within(block, numbers)
        within.append(apart.sum() / (size * (size - 1)))
    return Blocks(used, size, float(np.mean(within)))


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


def kernel_distance(features: Array, reference: Blocks, numbers: int = CHUNK) -> KernelDistance:
    """The unbiased squared MMD, averaged over the blocks, with the influence of each image.

        MMD² = Σᵢ≠ⱼ k(xᵢ, xⱼ)/(m(m-1)) + Σᵢ≠ⱼ k(yᵢ, yⱼ)/(m(m-1)) - 2 Σᵢⱼ k(xᵢ, yⱼ)/m²

    It is linear in the kernel, so that means over all blocks give the mean over the blocks. Of the
    kernel matrices only sums are kept.

    Args:
        features: (m, F) of any floating type, as many as a block has, m >= 2.
        reference: the blocks.
        numbers: how many of the numbers of a kernel matrix are held at once.
    """
    m = len(features)
    apart, itself = _pairs_within(features, numbers)
    across = np.zeros(m)  # Σⱼ k(xᵢ, yⱼ) over all blocks
    for rows, columns in tiles(m, len(reference.features), features.shape[1], numbers):
        across[rows] += _kernel(features[rows], reference.features[columns]).sum(axis=1)
    own = apart / (m - 1) - across / len(reference.features)
    value = float(own.mean() + reference.within - across.sum() / (m * len(reference.features)))
    bias = float(itself.mean() - apart.sum() / (m * (m - 1))) / m
    return KernelDistance(value, bias, 2.0 * (own - own.mean()))


def _pairs_within(features: Array, numbers: int) -> tuple[Array, Array]:
    """Σⱼ k(xᵢ, xⱼ) over j ≠ i, and k(xᵢ, xᵢ): (m,) each, of (m, F) features."""
    m, width = features.shape
    sums, itself = np.zeros(m), np.zeros(m)
    for rows, columns in tiles(m, m, width, numbers):
        if rows.start > columns.start:
            continue  # the kernel is symmetric
        k = _kernel(features[rows], features[columns])
        sums[rows] += k.sum(axis=1)
        if rows == columns:
            itself[rows] = k.diagonal()
        else:
            sums[columns] += k.sum(axis=0)
    return sums - itself, itself


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
        first.astype(np.float64, copy=False),
        second.astype(np.float64, copy=False),
        kid_kernel_poly_degree=3,
        kid_kernel_poly_gamma=None,
        kid_kernel_poly_coef0=1,
    )
    return kernel
