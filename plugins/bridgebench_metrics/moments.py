"""Counts, sums and products of features: all that their means and covariances are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bridgebench_metrics.formulas.chunks import CHUNK, in_chunks

FIRST = 32
"""Images whose mean is the origin: it is within √(n/FIRST) standard deviations of that of all."""


@dataclass(frozen=True)
class Moments:
    """The moments of K sets of features, about an origin o that all sets share.

    n         (K,) images in each
    sums      (K, F) Σ (x - o)
    products  (K, F, F) Σ (x - o)(x - o)ᵀ
    origin    (F,) near the mean, so that little is lost when it is taken off
    """

    n: Tensor
    sums: Tensor
    products: Tensor
    origin: Tensor

    def unions(self, members: Tensor) -> Moments:
        """Those of L unions of sets that share no image; `members` (L, K) is 1 for each member."""
        members = members.to(self.sums)
        products = members @ self.products.flatten(1)
        width = len(self.origin)
        return Moments(
            members @ self.n, members @ self.sums, products.view(-1, width, width), self.origin
        )

    def fitted(self) -> tuple[Tensor, Tensor]:
        """The means μ, (K, F), and the covariances S with n - 1, (K, F, F)."""
        n = self.n[:, None]
        off = self.sums / n  # μ - o
        centered = torch.baddbmm(self.products, self.sums[:, :, None], off[:, None, :], alpha=-1.0)
        return self.origin + off, centered.div_(n[:, :, None] - 1.0)


def moments_of(
    features: Tensor, sets: Sequence[Tensor | None] = (None,), numbers: int = CHUNK
) -> Moments:
    """The moments of K sets of features, about the mean of the first FIRST of them.

    Args:
        features: (n, F), of any floating type, on the CPU.
        sets: the images of each set, by index; None for all in their own order.
        numbers: how many numbers in float64 are held at once besides the moments.
    """
    width = features.shape[1]
    origin = features[:FIRST].double().mean(dim=0)
    sums = torch.zeros(len(sets), width, dtype=torch.float64)
    products = torch.zeros(len(sets), width, width, dtype=torch.float64)
    for total, squares, order in zip(sums, products, sets, strict=True):
        for x in in_chunks(features, order, numbers):
            x = x - origin
            total += x.sum(dim=0)
            squares.addmm_(x.T, x)
    n = [len(features) if order is None else len(order) for order in sets]
    return Moments(torch.tensor(n, dtype=torch.float64), sums, products, origin)
