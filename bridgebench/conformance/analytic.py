"""Denoisers with a known answer, and one that counts."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    from bridgebench.interfaces.score_model import Denoiser


@dataclass(frozen=True)
class GaussianDenoiser:
    """The exact denoiser of N(mean, std²) in every pixel, whose flow is known in closed form.

    >>> import torch
    >>> one = torch.ones(1, 1, 1, 1, dtype=torch.float64)
    >>> GaussianDenoiser(mean=0.0, std=1.0).flow(one, 0.0, 1.0).item() == math.sqrt(2)
    True
    """

    mean: float = 0.3
    std: float = 0.5
    sigma_min: float = 0.1
    sigma_max: float = 10.0

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """(B, ...), (B,) -> x0, (B, ...)."""
        s2, sigma2 = self.std**2, sigma.view(-1, *[1] * (x.ndim - 1)) ** 2
        return (s2 * x + sigma2 * self.mean) / (s2 + sigma2)

    def flow(self, x: Tensor, sigma: float, sigma_next: float) -> Tensor:
        """The exact solution of the ODE: `x`, (B, ...) at sigma, carried to sigma_next."""
        ratio = math.hypot(self.std, sigma_next) / math.hypot(self.std, sigma)
        return self.mean + (x - self.mean) * ratio


@dataclass(frozen=True)
class SampleDenoiser:
    """The exact denoiser of a uniform choice among some images: their posterior mean.

    images  (K, ...)
    """

    images: Tensor
    sigma_min: float = 0.02
    sigma_max: float = 80.0

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """(B, ...), (B,) -> x0, (B, ...)."""
        known = self.images.to(x)
        squared = (x[:, None] - known).square().flatten(2).sum(dim=2)  # (B, K)
        weights = (-squared / (2 * sigma[:, None] ** 2)).softmax(dim=1)
        return (weights @ known.flatten(1)).view_as(x)


@dataclass(frozen=True)
class RecordingDenoiser:
    """A denoiser that writes down the noise levels it was asked for.

    asked  the (B,) sigmas of each evaluation
    """

    inner: Denoiser
    asked: list[Tensor] = field(default_factory=list)

    @property
    def sigma_min(self) -> float:
        """That of the inner one."""
        return self.inner.sigma_min

    @property
    def sigma_max(self) -> float:
        """That of the inner one."""
        return self.inner.sigma_max

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Denoise, and note the sigma."""
        self.asked.append(sigma.clone())
        return self.inner(x, sigma)
