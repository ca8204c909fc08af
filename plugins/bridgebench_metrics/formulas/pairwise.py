"""How far vectors are from each other on average."""

from __future__ import annotations

import torch
from torch import Tensor

from bridgebench_metrics.formulas.chunks import CHUNK, tiles


def mean_pairwise_distance(features: Tensor, numbers: int = CHUNK) -> tuple[float, Tensor]:
    """The mean Euclidean distance between two of (n, F) features, n >= 2.

    `numbers` is how many distances are held at once.

    Returns:
        The mean, and the influence values (n,), whose mean is 0.
    """
    n = len(features)
    sums = torch.zeros(n, dtype=torch.float64)
    for rows, columns in tiles(n, n, features.shape[1], numbers):
        distances = torch.cdist(features[rows].double(), features[columns].double())
        if rows == columns:
            distances.fill_diagonal_(0.0)
        sums[rows] += distances.sum(dim=1)
    each = sums / (n - 1)
    mean = each.mean()
    return mean.item(), 2.0 * (each - mean)


def mean_distance_of_samples(samples: Tensor) -> Tensor:
    """The mean Euclidean distance between two of k samples of each item: (k, B, F) -> (B,).

    In float64; k >= 2.

    >>> mean_distance_of_samples(torch.tensor([[[0.0], [5.0]], [[3.0], [5.0]]]))
    tensor([3., 0.], dtype=torch.float64)
    """
    pairs = torch.combinations(torch.arange(len(samples)))
    wide = samples.double()
    apart = [torch.linalg.vector_norm(wide[i] - wide[j], dim=1) for i, j in pairs.tolist()]
    return torch.stack(apart).mean(dim=0)
