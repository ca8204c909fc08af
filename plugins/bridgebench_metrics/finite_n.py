"""What the finite number of images does to a Fréchet distance: its bias, and to its interval."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from bridgebench import generator
from bridgebench_metrics.frechet import Gaussian, frechet

BLOCKS = 8
SIZES = (5, 6, 7)
"""The sizes of the subsets, in blocks."""


def shuffled(features: Tensor, seed: int) -> Tensor:
    """The (n, F) features in an order that depends on the seed and n alone."""
    n = len(features)
    return features[torch.from_numpy(generator(seed, "subsets", str(n)).permutation(n))]


def at_infinity(value: float, features: Tensor, reference: Gaussian) -> float | None:
    """The distance extrapolated to endlessly many images (Chong and Forsyth, CVPR 2020).

    The expectation of the distance at n images is close to FID∞ + b/n. The images are cut into
    eight blocks; for each of three sizes the distance of the eight runs of that many neighboring
    blocks (the first follows the last) is averaged, so that every image counts as often as another.
    A straight line in 1/n through these and the distance of all images, by least squares, is taken
    at 0. Sums over blocks make the moments, so that no image is looked at twice.

    Args:
        value: the distance of all images.
        features: (n, F), in an order by chance.
        reference: what they are compared with; its own finite number is not corrected.

    Returns:
        The value at 1/n = 0, which may be below 0; None where the smallest subsets have no more
        images than features, as the line is then no good.
    """
    size = len(features) // BLOCKS
    if min(SIZES) * size <= features.shape[1]:
        return None
    blocks = features[: BLOCKS * size].reshape(BLOCKS, size, -1)
    sums = blocks.sum(dim=1).repeat(2, 1)  # (16, F), twice around
    squares = (blocks.transpose(1, 2) @ blocks).repeat(2, 1, 1)  # (16, F, F)
    points = [(1.0 / len(features), value)]
    for count in SIZES:
        n = count * size
        runs = [slice(first, first + count) for first in range(BLOCKS)]
        mean = torch.stack([sums[run].sum(dim=0) for run in runs]) / n  # (8, F)
        second = torch.stack([squares[run].sum(dim=0) for run in runs])
        covariance = (second - n * mean[:, :, None] * mean[:, None, :]) / (n - 1)
        points.append((1.0 / n, _distances(mean, covariance, reference).mean().item()))
    x, y = np.array(points).T
    return float(np.polyfit(x, y, deg=1)[1])


def excess_variance(features: Tensor, influence: Tensor, reference: Gaussian) -> float:
    """By how much the influence function overstates the variance of a distance.

    Of the second-order part of the variance it counts twice as much as there is (Efron and Stein,
    Annals of Statistics 1981): n·v(n) = s₁ + 2 s₂/n where the variance is s₁/n + s₂/n². The two
    halves of the images have 4 s₂/n in its place, and the difference tells s₂.

    Args:
        features: (n, F), in an order by chance.
        influence: the influence values of the distance of all of them, (n,).
        reference: what they are compared with.

    Returns:
        s₂/n², 0 where a half has fewer images than features.
    """
    n, half = len(features), len(features) // 2
    if half < max(2, features.shape[1]):
        return 0.0
    halves = (features[:half], features[half : 2 * half])
    in_halves = [frechet(part, reference)[1].var().item() for part in halves]
    apart = sum(in_halves) / 2 - influence.var().item()
    return max(0.0, apart / 2) / n


def _distances(mean: Tensor, covariance: Tensor, reference: Gaussian) -> Tensor:
    """The Fréchet distances (K,) of K Gaussians, (K, F) and (K, F, F), to the reference."""
    roots = torch.linalg.eigvalsh(reference.root @ covariance @ reference.root)
    trace = covariance.diagonal(dim1=1, dim2=2).sum(dim=1) + reference.covariance.trace()
    shift = (mean - reference.mean).square().sum(dim=1)
    distances: Tensor = shift + trace - 2.0 * roots.clamp(min=0.0).sqrt().sum(dim=1)
    return distances
