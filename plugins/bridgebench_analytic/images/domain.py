"""A distribution of images whose density, denoiser and samples are known exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bridgebench_analytic.images.bases import Basis
from bridgebench_analytic.images.diagonal_mixture import DiagonalMixture

SIGMA_MIN = 0.01
SIGMA_MAX = 80.0
"""The noise levels between which the ODE runs."""


@dataclass(frozen=True)
class ImageDomain:
    """Images whose coefficients in `basis` are a mixture of Gaussians."""

    basis: Basis
    mixture: DiagonalMixture

    def denoise(self, x: Tensor, sigma: Tensor) -> Tensor:
        """The mean clean image given (B, 3, 32, 32) at (B,), in float64 but for the ends."""
        clean = self.mixture.denoise(self.basis.coefficients(x.double()), sigma)
        return self.basis.images(clean).to(x.dtype)

    def to(self, device: torch.device) -> ImageDomain:
        """The domain with its numbers on `device`."""
        return ImageDomain(self.basis, self.mixture.to(device))

    def sample(self, seed: int, purpose: str, ids: Sequence[str]) -> Tensor:
        """One image for each item id, (n, 3, 32, 32) float32."""
        return self.basis.images(self.mixture.sample(seed, purpose, ids)).float()
