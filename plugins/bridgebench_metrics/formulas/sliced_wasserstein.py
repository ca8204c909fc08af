"""The sliced Wasserstein distance between two sets of vectors, and the influence of each."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from bridgebench import generator

SEED = 0
"""The directions are part of the definition: the same for every seed, task and machine."""


def pooled(images: Tensor, size: int) -> Tensor:
    """(N, C, H, W) images averaged over at most size x size cells -> (N, D), no network asked."""
    cells = (min(size, images.shape[2]), min(size, images.shape[3]))
    return adaptive_avg_pool2d(images, cells).flatten(1)


def directions(width: int) -> Tensor:
    """(width, width) float64: the columns are a random orthonormal basis, scaled.

    A shift of all vectors by s moves the projections by about the root mean square of s on average:
    the mean of |cos| between s and a direction by chance is near √(2/(π·width)).
    """
    drawn = generator(SEED, "sliced wasserstein", str(width)).standard_normal((width, width))
    basis, triangle = torch.linalg.qr(torch.from_numpy(drawn))
    # The signs make the decomposition unique, whatever library computes it.
    scaled: Tensor = basis * triangle.diagonal().sign() * math.sqrt(math.pi / 2)
    return scaled


@dataclass(frozen=True)
class Sliced:
    """Reference vectors along each of D directions.

    directions  (D, D)
    values      (D, N) sorted
    sums        (D, N + 1) Σ of the k least values, from k = 0
    """

    directions: Tensor
    values: Tensor
    sums: Tensor

    def quantiles(self, n: int) -> tuple[Tensor, Tensor]:
        """(D, n - 1) each: between which two values 1/n, 2/n, ... of the reference end."""
        count = self.values.shape[1]
        places = torch.arange(1, n) * count
        return self.values[:, (places + n - 1) // n - 1], self.values[:, places // n]

    def integrals(self, shares: Tensor) -> Tensor:
        """The integral of the quantile function from 0 to each of (D, K) shares in [0, 1]."""
        count = self.values.shape[1]
        place = shares * count
        whole = place.floor().long().clamp_(max=count - 1)
        partial = (place - whole) * self.values.gather(1, whole)
        return (self.sums.gather(1, whole) + partial) / count


def sliced(vectors: Tensor) -> Sliced:
    """What `sliced_distance` compares with, of (N, D) vectors."""
    basis = directions(vectors.shape[1])
    values = (vectors.double() @ basis).T.contiguous().sort(dim=1).values
    sums = torch.nn.functional.pad(values.cumsum(dim=1), (1, 0))
    return Sliced(basis, values, sums)


def sliced_distance(vectors: Tensor, reference: Sliced) -> tuple[float, Tensor]:
    """The mean over directions of the Wasserstein-1 distance, and the influence of each vector.

    Along a direction, with distribution functions F and G, it is the integral of |F - G|. A vector
    at x has the influence ∫ sign(G - F) dt up to x, less its mean.

    Args:
        vectors: (n, D), n >= 1.
        reference: what they are compared with.

    Returns:
        The distance, and the influence values (n,), whose mean is 0.
    """
    n = len(vectors)
    projected = (vectors.double() @ reference.directions).T.contiguous()
    x, order = projected.sort(dim=1)
    distance = _distances(x, reference).mean().item()
    # Between two neighbors F is constant: G is below it to the first quantile, above it from the
    # second one on.
    until, since = (ends.clamp(x[:, :-1], x[:, 1:]) for ends in reference.quantiles(n))
    steps = (x[:, 1:] - since) - (until - x[:, :-1])
    potential = torch.nn.functional.pad(steps.cumsum(dim=1), (1, 0))
    of_each = torch.empty_like(potential).scatter_(1, order, potential).mean(dim=0)
    return distance, of_each - of_each.mean()


def _distances(x: Tensor, reference: Sliced) -> Tensor:
    """(D,) distances of (D, n) sorted values: ∫ |x - quantile| over the share of each value."""
    n, count = x.shape[1], reference.values.shape[1]
    edges = (torch.arange(n + 1, dtype=torch.float64) / n).expand(len(x), -1)
    low, high = edges[:, :-1], edges[:, 1:]
    below = torch.searchsorted(reference.values, x).double() / count
    turn = below.clamp(low, high)
    at_edges, at_turn = reference.integrals(edges), reference.integrals(turn)
    under = x * (turn - low) - (at_turn - at_edges[:, :-1])
    over = at_edges[:, 1:] - at_turn - x * (high - turn)
    return (under + over).sum(dim=1)
