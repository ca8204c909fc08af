"""Entropic transport plans between mixtures of Gaussians that are known exactly.

π(x, y) ∝ a(x) N(y; x, εI) b(y) with mixtures a = Σ_j v_j N(a_j, A_j) and b = Σ_k w_k N(m_k, S_k)
is the entropic optimal plan between its own marginals for the cost ½|x - y|² at strength ε, because
its density over exp(-½|x - y|²/ε) is a product of a function of x and one of y (Gushchin et al.,
"Building the Bridge of Schrödinger", NeurIPS 2023, theorem 3.1). It is itself a mixture of J·K
Gaussians, so that its marginals, its conditionals and its cost are in closed form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from bridgebench import BridgebenchError, generator
from bridgebench_analytic.eot.full_mixture import FullMixture, log_normal

SEED = 0
COMPONENTS = 3
MEAN_LENGTH = 3.0
LEAST_VARIANCE, GREATEST_VARIANCE = 0.1, 1.0
SCALING_ROUNDS = 10_000
SCALING_TOLERANCE = 1e-12


@dataclass(frozen=True)
class EntropicPlan:
    """A plan in `dim` dimensions at strength `eps`.

    source, target   its marginals
    cost             the mean of ½|x - y|²
    log_w            (K,) the logarithms of w
    b                the Gaussians of b: means (K, d), covariances (K, d, d); weights are w's
    pairs            (J, K) the weight of each pair of components; rows and columns sum evenly
    """

    dim: int
    eps: float
    source: FullMixture
    target: FullMixture
    cost: float
    log_w: Tensor
    b: FullMixture
    pairs: Tensor

    def conditional(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """π(y | x), a mixture of K Gaussians.

        Its weights are those of w_k N(x; m_k, S_k + εI), its means m_k + G_k (x - m_k) and its
        covariances εG_k, with G_k = S_k (S_k + εI)⁻¹.

        Args:
            x: (n, d) float64.

        Returns:
            weights (n, K), means (n, K, d), covariances (K, d, d).
        """
        eye = torch.eye(self.dim, dtype=torch.float64)
        blurred = self.b.covariances + self.eps * eye
        gain = torch.linalg.solve(blurred, self.b.covariances).mT  # S (S + εI)⁻¹
        away = x[:, None] - self.b.means  # (n, K, d)
        logits = self.log_w + log_normal(away, blurred)
        means = self.b.means + torch.einsum("kde,nke->nkd", gain, away)
        gain = (gain + gain.mT) / 2
        return logits.softmax(1), means, self.eps * gain

    def conditional_moments(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The mean (n, d) and the covariance (n, d, d) of π(y | x)."""
        weights, means, covariances = self.conditional(x)
        mean = torch.einsum("nk,nkd->nd", weights, means)
        around = means - mean[:, None]
        spread = torch.einsum("nk,nkd,nke->nde", weights, around, around)
        return mean, spread + torch.einsum("nk,kde->nde", weights, covariances)


@cache
def entropic_plan(dim: int, eps: float) -> EntropicPlan:
    """The plan of a dimension and a strength; its parameters are a function of both alone."""
    a, b = (_gaussians(dim, eps, name) for name in ("a", "b"))
    meeting = a.means[:, None] - b.means  # (J, K, d)
    eye = torch.eye(dim, dtype=torch.float64)
    wide = a.covariances[:, None] + b.covariances + eps * eye  # (J, K, d, d)
    log_meeting = log_normal(meeting, wide)
    log_v, log_w = even_scaling(log_meeting)
    pairs = (log_v[:, None] + log_meeting + log_w).exp()
    mean, covariance = _joint(a, b, eps)
    ours, theirs = slice(0, dim), slice(dim, None)
    flat = pairs.flatten()
    source = FullMixture(flat, mean[:, ours], covariance[:, ours, ours])
    target = FullMixture(flat, mean[:, theirs], covariance[:, theirs, theirs])
    cross = covariance[:, ours, theirs].diagonal(dim1=1, dim2=2).sum(1)
    traces = source.traces() + target.traces() - 2 * cross
    shift = (mean[:, ours] - mean[:, theirs]).square().sum(1)
    cost = 0.5 * (flat @ (traces + shift)).item()
    return EntropicPlan(dim, eps, source, target, cost, log_w, b, pairs)


def even_scaling(log_kernel: Tensor) -> tuple[Tensor, Tensor]:
    """log v, log w such that v_j K_jk w_k has even row sums 1/J and even column sums 1/K.

    Sinkhorn's scaling in logarithms: without it one pair of components takes all the weight in high
    dimension. BridgebenchError if it does not converge.

    Args:
        log_kernel: (J, K) float64.
    """
    rows, columns = (math.log(1 / size) for size in log_kernel.shape)
    log_w = torch.zeros_like(log_kernel[0])
    for _ in range(SCALING_ROUNDS):
        log_v = rows - (log_kernel + log_w).logsumexp(1)
        off = (log_v[:, None] + log_kernel + log_w).logsumexp(0) - columns
        log_w = log_w - off
        if off.abs().max() < SCALING_TOLERANCE:
            return rows - (log_kernel + log_w).logsumexp(1), log_w
    raise BridgebenchError(
        f"the weights of a plan do not converge: columns are off by {off.abs().max():.2g} "
        f"after {SCALING_ROUNDS} rounds; bring the components nearer to each other"
    )


def _gaussians(dim: int, eps: float, name: str) -> FullMixture:
    """Components at length 3 from the origin, with full covariances of condition number 10."""
    random = generator(SEED, "eot parameters", f"{name}/{dim}/{eps:g}")
    directions = random.standard_normal((COMPONENTS, dim))
    means = MEAN_LENGTH * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    turns = np.linalg.qr(random.standard_normal((COMPONENTS, dim, dim))).Q
    variances = np.geomspace(LEAST_VARIANCE, GREATEST_VARIANCE, dim)
    covariances = (turns * variances) @ turns.transpose(0, 2, 1)
    return FullMixture(
        torch.full((COMPONENTS,), 1 / COMPONENTS, dtype=torch.float64),
        torch.from_numpy(means),
        torch.from_numpy(covariances),
    )


def _joint(a: FullMixture, b: FullMixture, eps: float) -> tuple[Tensor, Tensor]:
    """Means (JK, 2d) and covariances (JK, 2d, 2d) of the plan's components.

    Precision [[A⁻¹ + I/ε, -I/ε], [-I/ε, S⁻¹ + I/ε]], mean covariance·[A⁻¹a; S⁻¹m].
    """
    d = a.means.shape[1]
    size = (len(a.means), len(b.means))
    tie = torch.eye(d, dtype=torch.float64) / eps
    precise_a, precise_b = a.covariances.inverse(), b.covariances.inverse()
    precision = torch.zeros(*size, 2 * d, 2 * d, dtype=torch.float64)
    precision[..., :d, :d] = precise_a[:, None] + tie
    precision[..., d:, d:] = precise_b + tie
    precision[..., :d, d:] = precision[..., d:, :d] = -tie
    pull = torch.zeros(*size, 2 * d, dtype=torch.float64)
    pull[..., :d] = torch.einsum("jde,je->jd", precise_a, a.means)[:, None]
    pull[..., d:] = torch.einsum("kde,ke->kd", precise_b, b.means)
    covariance = precision.inverse()
    covariance = (covariance + covariance.mT) / 2
    mean = torch.einsum("jkde,jke->jkd", covariance, pull)
    return mean.flatten(0, 1), covariance.flatten(0, 1)
