"""The Fréchet distance between two Gaussians fitted to features, and its influence function."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Gaussian:
    """A Gaussian fitted to features.

    mean        (F,) float64
    covariance  (F, F) float64, with n - 1
    root        (F, F) its symmetric square root
    """

    mean: Tensor
    covariance: Tensor
    root: Tensor


def gaussian(features: Tensor) -> Gaussian:
    """Fit a Gaussian to (N, F) features."""
    mean = features.mean(dim=0)
    d = features - mean
    covariance = d.T @ d / (len(features) - 1)
    values, vectors = torch.linalg.eigh(covariance)
    root = (vectors * values.clamp(min=0.0).sqrt()) @ vectors.T
    return Gaussian(mean, covariance, root)


def frechet(features: Tensor, reference: Gaussian) -> tuple[float, Tensor]:
    """The Fréchet distance (Dowson and Landau, 1982) with the influence of each image.

    With mean μ and covariance S (n - 1) of the features, and m and C of the reference,

        FID = |μ - m|² + Tr(S + C - 2 (S C)^½),  Tr (S C)^½ = Σ √eig(C^½ S C^½).

    Moving weight to the image x changes μ by d = x - μ and S by n/(n-1)·d dᵀ - S. With
    M = C^½ S C^½, the derivative of Tr M^½ is ½ Tr(M^-½ dM), hence with G = C^½ M^-½ C^½ (the
    linear map that transports S to C, and M^-½ taken on the range of M)

        IF(x) = 2 dᵀ(μ - m) + n/(n-1)·dᵀ(I - G) d - Tr((I - G) S).

    Args:
        features: (n, F) float64, n >= 2.
        reference: the Gaussian to compare with; its own sampling error is not counted.

    Returns:
        The distance, and the influence values (n,), whose mean is 0.
    """
    n = len(features)
    mean = features.mean(dim=0)
    d = features - mean  # (n, F)
    S = d.T @ d / (n - 1)  # (F, F)
    values, vectors = torch.linalg.eigh(reference.root @ S @ reference.root)
    trace_root = values.clamp(min=0.0).sqrt().sum()
    shift = mean - reference.mean
    distance = shift.square().sum() + S.trace() + reference.covariance.trace() - 2.0 * trace_root

    along = d @ reference.root @ vectors  # (n, F), coordinates on the eigenvectors of M
    root = (along.square().sum(dim=0) / (n - 1)).sqrt()
    transported = along.square() @ torch.where(root > 0, 1.0 / root, 0.0)  # dᵀ G d
    quadratic = n / (n - 1) * (d.square().sum(dim=1) - transported)
    return distance.item(), 2.0 * d @ shift + quadratic - quadratic.mean()
