"""Two Gaussians on images with full, ill-conditioned covariances, and their exact map."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch
from torch import Tensor

from bridgebench import generator
from bridgebench_analytic.images.bases import SIZE, Basis, ScrambledBasis, TurnedBasis
from bridgebench_analytic.images.diagonal_mixture import DiagonalMixture
from bridgebench_analytic.images.domain import SIGMA_MAX, SIGMA_MIN, ImageDomain

SEED = 0
LEAST_STD, GREATEST_STD = 0.02, 2.0
"""Standard deviations along the principal axes: a condition number of the covariance of 10⁴."""

MEAN_SCALE = 0.3
BLOCK = 32


@cache
def source() -> ImageDomain:
    """The source domain."""
    return _gaussian(ScrambledBasis.of(SEED, "gaussian"), "source")


@cache
def target() -> ImageDomain:
    """The target domain, whose covariance does not commute with the source's."""
    turned = TurnedBasis.of(ScrambledBasis.of(SEED, "gaussian"), BLOCK, SEED, "gaussian")
    return _gaussian(turned, "target")


def _gaussian(basis: Basis, name: str) -> ImageDomain:
    random = generator(SEED, "gaussian parameters", name)
    axes = np.linspace(math.log(LEAST_STD), math.log(GREATEST_STD), SIZE)
    variances = np.exp(2 * random.permutation(axes))
    mean = MEAN_SCALE * random.standard_normal(SIZE)
    return ImageDomain(
        basis,
        DiagonalMixture(
            torch.ones(1, dtype=torch.float64),
            torch.from_numpy(mean)[None],
            torch.from_numpy(variances)[None],
        ),
    )


def exact_map(x: Tensor) -> Tensor:
    """The DDIB map between the noise levels SIGMA_MIN and SIGMA_MAX in closed form.

    In each direction x(σ) = m + (Σ + σ²I)^½ (Σ + σ₀²I)^-½ (x - m).

    Args:
        x: (B, 3, 32, 32) source images, taken as states at SIGMA_MIN.

    Returns:
        (B, 3, 32, 32) float64.
    """
    latent = _carried(source(), x.double(), SIGMA_MIN, SIGMA_MAX)
    return _carried(target(), latent, SIGMA_MAX, SIGMA_MIN)


def _carried(domain: ImageDomain, x: Tensor, start: float, stop: float) -> Tensor:
    m, variances = domain.mixture.means[0], domain.mixture.variances[0]
    gain = ((variances + stop**2) / (variances + start**2)).sqrt()
    return domain.basis.images(m + gain * (domain.basis.coefficients(x) - m))


@cache
def wasserstein() -> float:
    """The 2-Wasserstein distance between the two domains in closed form.

    W2² = |m - m'|² + Tr(Σ + Σ' - 2 (Σ^½ Σ' Σ^½)^½), block by block (Dowson and Landau, 1982).
    """
    ours, theirs = source(), target()
    turns = TurnedBasis.of(ScrambledBasis.of(SEED, "gaussian"), BLOCK, SEED, "gaussian").turns
    root = ours.mixture.variances[0].sqrt().view(-1, BLOCK, 1)
    other = theirs.mixture.variances[0].view(-1, BLOCK, 1)
    half = root * turns.mT * other.mT.sqrt()  # Σ^½ Σ'^½ up to a rotation, in the source's axes
    overlap = torch.linalg.svdvals(half).sum().item()
    m, m_target = (d.basis.images(d.mixture.means) for d in (ours, theirs))
    shift = (m - m_target).square().sum().item()
    return math.sqrt(
        shift + ours.mixture.total_variance + theirs.mixture.total_variance - 2 * overlap
    )
