"""Images to unit latents and back along the probability-flow ODE.

The state is x̄ = x/α of Karras et al. (NeurIPS 2022) and runs between the denoiser's sigma_min and
sigma_max. The latent that methods and transforms see is the unit latent z = x̄/sqrt(1 + sigma_max²),
of about unit variance: the latent of the variance-preserving process.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from bridgebench.spacing import sigma_grid

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench.interfaces.score_model import Denoiser
    from bridgebench.interfaces.solver import Solver


@dataclass(frozen=True)
class ClippedDenoiser:
    """A denoiser whose output is clamped to the range of the task's items."""

    denoiser: Denoiser
    low: float
    high: float

    @property
    def sigma_min(self) -> float:
        """That of the denoiser."""
        return self.denoiser.sigma_min

    @property
    def sigma_max(self) -> float:
        """That of the denoiser."""
        return self.denoiser.sigma_max

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """(B, C, H, W), (B,) -> x0 in [low, high], (B, C, H, W)."""
        return self.denoiser(x, sigma).clamp(self.low, self.high)


def latent_scale(sigma_max: float) -> float:
    """What a unit latent is multiplied by to give the state at sigma_max.

    >>> latent_scale(0.75)
    1.25
    """
    return math.hypot(1.0, sigma_max)


@torch.no_grad()
def encode(denoiser: Denoiser, solver: Solver, x: Tensor, nfe: int) -> Tensor:
    """Carry `x`, (B, C, H, W) at sigma_min, up to sigma_max; returns the unit latent.

    Takes exactly `nfe` network evaluations, or raises BudgetError.
    """
    sigmas = sigma_grid(
        solver.spacing, denoiser.sigma_min, denoiser.sigma_max, solver.intervals(nfe)
    )
    return solver.solve(denoiser, x, sigmas) / latent_scale(denoiser.sigma_max)


@torch.no_grad()
def decode(
    denoiser: Denoiser, solver: Solver, z: Tensor, nfe: int, *, last_step: bool = False
) -> Tensor:
    """Carry the unit latent `z`, (B, C, H, W), down to sigma_min; not clamped.

    Takes exactly `nfe` network evaluations, or raises BudgetError. `last_step` spends one more on a
    denoising step from sigma_min to 0.
    """
    sigmas = sigma_grid(
        solver.spacing, denoiser.sigma_min, denoiser.sigma_max, solver.intervals(nfe)
    )
    x = solver.solve(denoiser, z * latent_scale(denoiser.sigma_max), sigmas[::-1])
    if not last_step:
        return x
    return denoiser(x, x.new_full((len(x),), denoiser.sigma_min))
