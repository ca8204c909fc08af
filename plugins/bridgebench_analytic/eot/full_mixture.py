"""Mixtures of Gaussians with full covariances in a few hundred dimensions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from bridgebench import normal, uniform


@dataclass(frozen=True)
class FullMixture:
    """Σ_k w_k N(m_k, C_k).

    weights      (K,), their sum is 1
    means        (K, d)
    covariances  (K, d, d), symmetric and positive; all float64
    """

    weights: Tensor
    means: Tensor
    covariances: Tensor

    @cached_property
    def axes(self) -> tuple[Tensor, Tensor]:
        """The variances (K, d) and, a column each, the principal axes (K, d, d)."""
        values, vectors = torch.linalg.eigh(self.covariances)
        return values, vectors

    def to(self, device: torch.device) -> FullMixture:
        """The mixture with its numbers on `device`."""
        return FullMixture(
            self.weights.to(device), self.means.to(device), self.covariances.to(device)
        )

    def traces(self) -> Tensor:
        """The trace of each covariance, (K,)."""
        return self.covariances.diagonal(dim1=1, dim2=2).sum(1)

    def moments(self) -> tuple[Tensor, Tensor]:
        """The mean (d,) and the covariance (d, d) of the mixture."""
        mean = self.weights @ self.means
        around = self.means - mean
        between = torch.einsum("k,kd,ke->de", self.weights, around, around)
        return mean, between + torch.einsum("k,kde->de", self.weights, self.covariances)

    def sample(self, seed: int, purpose: str, ids: Sequence[str]) -> Tensor:
        """One draw for each id, (n, d) float64: a function of the seed, purpose and id."""
        k = pick(self.weights.expand(len(ids), -1), uniform(seed, f"{purpose} component", ids))
        noise = normal(seed, purpose, ids, self.means.shape[1:]).double()
        roots = torch.linalg.cholesky(self.covariances)
        return self.means[k] + torch.einsum("nde,ne->nd", roots[k], noise)

    def denoise(self, x: Tensor, sigma: float) -> Tensor:
        """The mean clean vector given x = x0 + σ·n: (B, d) float64 -> (B, d)."""
        variances, vectors = self.axes
        total = variances + sigma**2  # (K, d)
        along = torch.einsum("kde,bkd->bke", vectors, x[:, None] - self.means)
        logits = self.weights.log() - 0.5 * ((along.square() / total).sum(2) + total.log().sum(1))
        clean = torch.einsum("kde,bke->bkd", vectors, along * (variances / total))
        return torch.einsum("bk,bkd->bd", logits.softmax(1), self.means + clean)


def log_normal(away: Tensor, covariance: Tensor) -> Tensor:
    """log N(away; 0, covariance): (..., d) and (..., d, d), broadcasting, -> (...).

    >>> one = torch.eye(1, dtype=torch.float64)
    >>> round(log_normal(torch.zeros(1, dtype=torch.float64), one).item(), 4)
    -0.9189
    """
    root = torch.linalg.cholesky(covariance)
    whitened = torch.linalg.solve_triangular(root, away.unsqueeze(-1), upper=False).squeeze(-1)
    log_det = root.diagonal(dim1=-2, dim2=-1).log().sum(-1)
    size = away.shape[-1]
    log_density: Tensor = -0.5 * whitened.square().sum(-1) - log_det
    return log_density - 0.5 * size * math.log(2 * math.pi)


def pick(weights: Tensor, draws: Tensor) -> Tensor:
    """The component of each row of (n, K) weights that a uniform draw (n,) falls on, (n,)."""
    edges = weights.cumsum(1)[:, :-1].contiguous()
    return torch.searchsorted(edges, draws[:, None], right=True).squeeze(1)
