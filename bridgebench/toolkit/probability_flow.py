"""Images to unit latents and back along the probability-flow ODE.

The state is x̄ = x/α of Karras et al. (NeurIPS 2022) and runs between the denoiser's sigma_min and
sigma_max. The latent that methods and transforms see is the unit latent z = x̄/sqrt(1 + sigma_max²),
of about unit variance: the latent of the variance-preserving process.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridgebench.errors import PluginError
from bridgebench.isolation.calls import isolated, protected
from bridgebench.toolkit.noise_levels import sigma_grid

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench.interfaces.score_model import Denoiser
    from bridgebench.interfaces.solver import Noise, Solver


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


@dataclass(frozen=True)
class Latent:
    """Unit latents, and what a solver carries besides to go the same way back.

    z      (B, C, H, W)
    carry  (B, C, H, W), or None for a solver that carries nothing: see `Solver.solve_carried`
    """

    z: Tensor
    carry: Tensor | None = None

    def packed(self) -> Tensor:
        """Both in one tensor, as a shared stage gives it: `z`, or (B, 2, C, H, W) with a carry."""
        import torch

        return self.z if self.carry is None else torch.stack([self.z, self.carry], dim=1)

    @classmethod
    def unpacked(cls, packed: Tensor, shape: Sequence[int]) -> Latent:
        """What `packed` was made of; `shape` is that of an item, (C, H, W).

        >>> import torch
        >>> latent = Latent(torch.zeros(2, 3, 4, 4), torch.ones(2, 3, 4, 4))
        >>> Latent.unpacked(latent.packed(), (3, 4, 4)).carry.mean().item()
        1.0
        """
        if tuple(packed.shape[1:]) == tuple(shape):
            return cls(packed)
        z, carry = packed.unbind(dim=1)
        return cls(z, carry)

    def changed_to(self, z: Tensor) -> Latent:
        """The latents `z` in place of these: what is carried holds for an item left as it was."""
        if self.carry is None:
            return Latent(z)
        same = (z == self.z).flatten(1).all(1).view(-1, *(1,) * (z.ndim - 1))
        return Latent(z, self.carry.where(same, self.carry.new_zeros(())))


def no_noise(step: int) -> Tensor:
    """The draws of an integration that has none; PluginError for a solver that uses them."""
    raise PluginError(
        "a stochastic solver was given no random draws; pass noise=batch.draw.noise(purpose, x)"
    )


def encode(denoiser: Denoiser, solver: Solver, x: Tensor, nfe: int) -> Tensor:
    """Carry `x`, (B, C, H, W) at sigma_min, up to sigma_max; returns the unit latent.

    Takes exactly `nfe` network evaluations, or raises BudgetError.
    """
    return encode_carried(denoiser, solver, x, nfe).z


def encode_carried(denoiser: Denoiser, solver: Solver, x: Tensor, nfe: int) -> Latent:
    """As `encode`, with what the solver carries."""
    import torch

    sigmas = sigma_grid(
        solver.spacing, denoiser.sigma_min, denoiser.sigma_max, solver.intervals(nfe)
    )
    with torch.no_grad():
        top, carry = _carried(solver, denoiser, x, sigmas, no_noise, None)
        return Latent(top / latent_scale(denoiser.sigma_max), carry)


def decode(
    denoiser: Denoiser,
    solver: Solver,
    z: Tensor,
    nfe: int,
    *,
    noise: Noise = no_noise,
    last_step: bool = False,
    carry: Tensor | None = None,
) -> Tensor:
    """Carry the unit latent `z`, (B, C, H, W), down to sigma_min; not clamped.

    Takes exactly `nfe` network evaluations, or raises BudgetError; an adaptive solver takes at most
    that many. `noise` are the draws of a stochastic solver. `last_step` spends one more evaluation
    on a denoising step from sigma_min to 0. `carry` is what `encode_carried` gave besides `z`.
    """
    import torch

    sigmas = sigma_grid(
        solver.spacing, denoiser.sigma_min, denoiser.sigma_max, solver.intervals(nfe)
    )
    with torch.no_grad():
        top = z * latent_scale(denoiser.sigma_max)
        x, _ = _carried(solver, denoiser, top, sigmas[::-1], noise, carry)
        if not last_step:
            return x
        return denoiser(x, x.new_full((len(x),), denoiser.sigma_min))


def _carried(
    solver: Solver,
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Sequence[float],
    noise: Noise,
    carry: Tensor | None,
) -> tuple[Tensor, Tensor | None]:
    """What the solver gives, on copies; PluginError where it modifies them."""
    who = f"solver '{solver.name}'"
    with protected(who, "state", x, carry) as (state, carried), isolated(who):
        return solver.solve_carried(denoiser, state, sigmas, noise, carried)
