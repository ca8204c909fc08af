"""The distance of Bures and Wasserstein between Gaussians, from samples of one of them.

BW²(N(μ, S), N(m, C)) = |μ - m|² + Tr(S + C - 2 (C^½ S C^½)^½): the squared 2-Wasserstein distance
(Dowson and Landau, 1982). Few samples enter through their n x n products, so that n may be far
below the dimension.
"""

from __future__ import annotations

import torch
from torch import Tensor


def overlap(centered: Tensor, covariance: Tensor) -> Tensor:
    """Tr (C^½ S C^½)^½ with S the covariance (n - 1) of centered samples.

    Args:
        centered: (..., n, d) samples less their mean, float64.
        covariance: (..., d, d), C.

    Returns:
        (...). The root's trace is the sum of the square roots of the eigenvalues of
        centered·C·centeredᵀ/(n - 1), or of C^½ S C^½ where that one is smaller, clipped at 0.
    """
    n, d = centered.shape[-2:]
    if n <= d:
        product = centered @ covariance @ centered.mT
    else:
        root = symmetric_root(covariance)
        product = root @ (centered.mT @ centered) @ root
    product = (product + product.mT) / (2 * (n - 1))
    values: Tensor = torch.linalg.eigvalsh(product)
    return values.clamp(min=0.0).sqrt().sum(-1)


def distance_squared(samples: Tensor, mean: Tensor, covariance: Tensor) -> Tensor:
    """BW² of the Gaussian fitted to samples and N(mean, covariance).

    Args:
        samples: (..., n, d) float64, n >= 2.
        mean: (..., d).
        covariance: (..., d, d).

    Returns:
        (...), clipped at 0.

    Example:
        >>> far = torch.tensor([[3.0], [5.0]], dtype=torch.float64)
        >>> one = torch.ones(1, 1, dtype=torch.float64)
        >>> round(distance_squared(far, torch.zeros(1).double(), one).item(), 4)
        16.1716
    """
    fitted = samples.mean(-2)
    centered = samples - fitted.unsqueeze(-2)
    variance = centered.square().sum((-2, -1)) / (samples.shape[-2] - 1)
    total = covariance.diagonal(dim1=-2, dim2=-1).sum(-1)
    shift = (fitted - mean).square().sum(-1)
    return (shift + variance + total - 2 * overlap(centered, covariance)).clamp(min=0.0)


def symmetric_root(matrix: Tensor) -> Tensor:
    """The positive square root of symmetric positive matrices (..., d, d)."""
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = (vectors * values.clamp(min=0.0).sqrt().unsqueeze(-2)) @ vectors.mT
    return root


def optimal_linear(covariance: Tensor, goal: Tensor) -> Tensor:
    """The symmetric matrix A of the optimal map between centered Gaussians, A·covariance·A = goal.

    A = Σ^-½ (Σ^½ Σ' Σ^½)^½ Σ^-½ for Σ = covariance and Σ' = goal, both (d, d).
    """
    root = symmetric_root(covariance)
    inverse = root.inverse()
    return inverse @ symmetric_root(root @ goal @ root) @ inverse


def influence(samples: Tensor, mean: Tensor, covariance: Tensor) -> Tensor | None:
    """How BW² of the fitted Gaussian moves with the weight of each sample, (n,), of mean 0.

    2dᵀ(μ - m) + n/(n-1)·dᵀ(I - G)d - Tr((I - G)S), with d = x - μ and
    G = C^½ (C^½ S C^½)^-½ C^½. None where S is singular, so that there is no such number.

    Args:
        samples: (n, d) float64.
        mean: (d,).
        covariance: (d, d).
    """
    n = len(samples)
    fitted = samples.mean(0)
    d = samples - fitted
    S = d.mT @ d / (n - 1)
    root = symmetric_root(covariance)
    values, vectors = torch.linalg.eigh(root @ S @ root)
    if values.min() <= 1e-12 * values.max():
        return None
    G = root @ (vectors / values.sqrt()) @ vectors.mT @ root
    rest = torch.eye(len(mean), dtype=samples.dtype) - G
    quadratic = torch.einsum("nd,de,ne->n", d, rest, d) * (n / (n - 1))
    moves: Tensor = quadratic + 2 * d @ (fitted - mean) - (rest * S).sum()
    return moves
