"""What the finite number of images does to a Fréchet distance: its bias, and to its interval."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from bridgebench import generator
from bridgebench_metrics.formulas.chunks import CHUNK
from bridgebench_metrics.formulas.frechet import (
    Gaussian,
    Moments,
    distance_and_influence,
    distances,
    frechet,
    moments_of,
    threads_for,
)

BLOCKS = 8
SIZES = (5, 6, 7)
"""The sizes of the subsets, in blocks."""


@dataclass(frozen=True)
class Measured:
    """A Fréchet distance and what the number of images does to it.

    value      the distance
    influence  (n,) of each image, of mean 0
    excess     by how much `influence` overstates the variance
    infinity   the distance extrapolated to endlessly many images, or None
    """

    value: float
    influence: Tensor
    excess: float
    infinity: float | None


def measured(features: Tensor, seed: int, reference: Gaussian, numbers: int = CHUNK) -> Measured:
    """All of it, of the sums and products of each part of the images, which are made once.

    Args:
        features: (n, F) of any floating type, n >= 2; the seed draws the order they are cut in.
        seed: of the cell.
        reference: the Gaussian to compare with.
        numbers: how many numbers in float64 are held at once, besides a dozen (F, F).
    """
    n, width = features.shape
    if n <= width:
        return Measured(*frechet(features, reference, numbers), 0.0, None)
    with threads_for(width):
        parts = in_parts(features, by_chance(n, seed), numbers)
        whole = parts.moments_between((0, n))
        value, influence = distance_and_influence(features, None, whole, reference, numbers)
        return Measured(
            value,
            influence,
            excess_in_halves(parts, influence, reference, numbers),
            extrapolated(value, parts, reference, numbers),
        )


def by_chance(n: int, seed: int) -> Tensor:
    """An order of n images, (n,), that depends on the seed and n alone."""
    return torch.from_numpy(generator(seed, "subsets", str(n)).permutation(n))


@dataclass(frozen=True)
class Parts:
    """Features in an order by chance, cut where its blocks and its halves begin and end.

    features  (n, F) as they came
    order     (n,) the order by chance
    edges     (K + 1,) where in it the parts begin and end
    moments   of the K parts
    """

    features: Tensor
    order: Tensor
    edges: tuple[int, ...]
    moments: Moments

    def between(self, first: int, last: int) -> Tensor:
        """Which parts lie between two edges, (K,) bool."""
        return torch.tensor([first <= a and b <= last for a, b in pairwise(self.edges)])

    def moments_between(self, *ends: tuple[int, int]) -> Moments:
        """The moments of the images between each two edges."""
        return self.moments.unions(torch.stack([self.between(*pair) for pair in ends]))


def in_parts(features: Tensor, order: Tensor, numbers: int = CHUNK) -> Parts:
    """Cut (n, F) features in some order by chance; only where something is made of the parts."""
    n, width = features.shape
    edges = {0, n}
    if _has_line(n, width):
        edges.update(i * (n // BLOCKS) for i in range(BLOCKS + 1))
    if _has_halves(n, width):
        edges.update((n // 2, n // 2 * 2))
    cuts = tuple(sorted(edges))
    moments = moments_of(features, [order[a:b] for a, b in pairwise(cuts)], numbers)
    return Parts(features, order, cuts, moments)


def at_infinity(value: float, features: Tensor, reference: Gaussian) -> float | None:
    """`extrapolated`, of (n, F) features that are in an order by chance already."""
    return extrapolated(value, in_parts(features, torch.arange(len(features))), reference)


def extrapolated(
    value: float, parts: Parts, reference: Gaussian, numbers: int = CHUNK
) -> float | None:
    """The distance extrapolated to endlessly many images (Chong and Forsyth, CVPR 2020).

    The expectation of the distance at n images is close to FID∞ + b/n. The images are cut into
    eight blocks; for each of three sizes the distance of the eight runs of that many neighboring
    blocks (the first follows the last) is averaged, so that every image counts as often as another.
    A straight line in 1/n through these and the distance of all images, by least squares, is taken
    at 0.

    Args:
        value: the distance of all images.
        parts: the images.
        reference: what they are compared with; its own finite number is not corrected.
        numbers: how many of the numbers of the runs' covariances are held at once.

    Returns:
        The value at 1/n = 0, which may be below 0; None where the smallest subsets have no more
        images than features, as the line is then no good.
    """
    n, width = parts.features.shape
    if not _has_line(n, width):
        return None
    size = n // BLOCKS
    blocks = torch.stack([parts.between(i * size, (i + 1) * size) for i in range(BLOCKS)])
    points = [(1.0 / n, value)]
    for count in SIZES:
        runs = torch.stack([blocks.roll(-i, dims=0) for i in range(count)]).any(dim=0)  # (8, K)
        some_at_a_time = torch.split(runs, max(1, numbers // width**2))
        found = [distances(parts.moments.unions(some), reference) for some in some_at_a_time]
        points.append((1.0 / (count * size), torch.cat(found).mean().item()))
    x, y = np.array(points).T
    return float(np.polyfit(x, y, deg=1)[1])


def excess_variance(features: Tensor, influence: Tensor, reference: Gaussian) -> float:
    """`excess_in_halves`, of (n, F) features that are in an order by chance already."""
    return excess_in_halves(in_parts(features, torch.arange(len(features))), influence, reference)


def excess_in_halves(
    parts: Parts, influence: Tensor, reference: Gaussian, numbers: int = CHUNK
) -> float:
    """By how much the influence function overstates the variance of a distance.

    Of the second-order part of the variance it counts twice as much as there is (Efron and Stein,
    Annals of Statistics 1981): n·v(n) = s₁ + 2 s₂/n where the variance is s₁/n + s₂/n². The two
    halves of the images have 4 s₂/n in its place, and the difference tells s₂.

    Args:
        parts: the images.
        influence: the influence values of the distance of all of them, (n,).
        reference: what they are compared with.
        numbers: how many numbers in float64 are held at once, besides a few (F, F).

    Returns:
        s₂/n², 0 where a half has fewer images than features.
    """
    n, width = parts.features.shape
    if not _has_halves(n, width):
        return 0.0
    in_halves = []
    for first, last in ((0, n // 2), (n // 2, n // 2 * 2)):
        order, moments = parts.order[first:last], parts.moments_between((first, last))
        _, of_half = distance_and_influence(parts.features, order, moments, reference, numbers)
        in_halves.append(of_half.var().item())
    apart = sum(in_halves) / 2 - influence.var().item()
    return max(0.0, apart / 2) / n


def _has_line(n: int, width: int) -> bool:
    """Whether the smallest subsets have more images than features."""
    return min(SIZES) * (n // BLOCKS) > width


def _has_halves(n: int, width: int) -> bool:
    """Whether a half has two images, and as many as there are features."""
    return n // 2 >= max(2, width)
