"""Mixtures of Gaussians that are diagonal in one basis, and their exact denoiser.

Everything here is in the coefficients of that basis, (B, d), so that d = 3,072 costs no more than
3,072 one-dimensional problems that share the weights of the components.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bridgebench import normal, uniform


@dataclass(frozen=True)
class DiagonalMixture:
    """Σ_k w_k N(m_k, diag(λ_k)).

    weights     (K,), their sum is 1
    means       (K, d)
    variances   (K, d), above 0; all float64
    """

    weights: Tensor
    means: Tensor
    variances: Tensor

    def to(self, device: torch.device) -> DiagonalMixture:
        """The mixture with its numbers on `device`."""
        return DiagonalMixture(
            self.weights.to(device), self.means.to(device), self.variances.to(device)
        )

    @property
    def mean(self) -> Tensor:
        """The mean of the mixture, (d,)."""
        return self.weights @ self.means

    @property
    def total_variance(self) -> float:
        """The trace of the covariance: Σ_k w_k (Σ λ_k + |m_k - mean|²)."""
        around = (self.means - self.mean).square() + self.variances
        return (self.weights @ around).sum().item()

    def denoise(self, c: Tensor, sigma: Tensor) -> Tensor:
        """The mean of the clean coefficients given c = c0 + σ·n.

        D(c; σ) = Σ_k p_k(c) (m_k + λ_k/(λ_k + σ²) (c - m_k)), with p_k the probability that c, of
        density Σ_k w_k N(m_k, λ_k + σ²), comes from component k.

        Args:
            c: (B, d) float64.
            sigma: (B,); the noise level of a batch is one.

        Returns:
            (B, d).
        """
        level = _one_level(sigma)
        total = self.variances + level**2  # (K, d)
        p = self._posterior(c, total)  # (B, K)
        kept = self.variances / total
        return c * (p @ kept) + p @ ((1.0 - kept) * self.means)

    def _posterior(self, c: Tensor, total: Tensor) -> Tensor:
        """(B, K): the probability of each component."""
        if len(self.weights) == 1:
            return c.new_ones(len(c), 1)
        # |c - m|²/v, expanded so that it is products of matrices, less that of the first component:
        # what components share then cancels before it is rounded
        precision = 1.0 / total
        pull = precision * self.means
        distance = (
            c.square() @ (precision - precision[:1]).T
            - 2.0 * c @ (pull - pull[:1]).T
            + (pull * self.means - pull[:1] * self.means[:1]).sum(1)
        )
        volume = (total / total[:1]).log().sum(1)
        return (self.weights.log() - 0.5 * (distance + volume)).softmax(1)

    def sample(self, seed: int, purpose: str, ids: Sequence[str]) -> Tensor:
        """One draw for each item id, (n, d) float64: a function of the seed, purpose and id."""
        edges = self.weights.cumsum(0)[:-1]
        k = torch.bucketize(uniform(seed, f"{purpose} component", ids), edges, right=True)
        noise = normal(seed, purpose, ids, self.means.shape[1:]).double()
        return self.means[k] + self.variances[k].sqrt() * noise


def _one_level(sigma: Tensor) -> float:
    level = float(sigma[0])
    if not math.isfinite(level) or not bool((sigma == sigma[0]).all()):
        raise ValueError(f"a batch has one finite noise level, got {sigma.tolist()[:4]}")
    return level
