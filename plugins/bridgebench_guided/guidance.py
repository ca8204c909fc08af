"""A denoiser that is guided by a label and by a hue, and where a solver asks for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from bridgebench.color import in_hue
from bridgebench.probability_flow import decode

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import Denoiser, Solver


@dataclass(frozen=True)
class GuidedDenoiser:
    """A denoiser of the target, guided.

    target      the denoiser under the target's label
    pooled      the denoiser under no label, or None where no weight is given to it
    weight      w of D + w·(D - D_pooled), classifier-free guidance beyond what the label gives
    above       noise level above which `weight` is given (Kynkäänniemi et al. 2024)
    hue         (B,) degrees, the hue of each source
    color       weight λ of the hue, from 0 to 1: a step of size λ down the energy of the color
    saturated   whether the color that is aimed at has full saturation
    """

    target: Denoiser
    pooled: Denoiser | None
    weight: float
    above: float
    hue: Tensor
    color: float
    saturated: bool

    @property
    def sigma_min(self) -> float:
        """That of the target's denoiser."""
        return self.target.sigma_min

    @property
    def sigma_max(self) -> float:
        """That of the target's denoiser."""
        return self.target.sigma_max

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """(B, 3, H, W), (B,) -> x0, (B, 3, H, W)."""
        D = self.target(x, sigma)
        if self.pooled is not None and sigma[0].item() > self.above:
            D = D.lerp(self.pooled(x, sigma), -self.weight)
        if self.color == 0:
            return D
        return D.lerp(in_hue(D, self.hue.to(D), self.saturated), self.color)


@dataclass(frozen=True)
class _Asked:
    """A denoiser that does nothing but write down the noise levels it is asked at."""

    sigma_min: float
    sigma_max: float
    levels: list[float] = field(default_factory=list)

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        self.levels.append(sigma[0].item())
        return torch.zeros_like(x)


def levels_asked(solver: Solver, nfe: int, sigma_range: tuple[float, float]) -> tuple[float, ...]:
    """The noise levels at which a decode of `nfe` evaluations asks, in order."""
    asked = _Asked(*sigma_range)
    decode(asked, solver, torch.zeros(1, 1, 1, 1), nfe)
    return tuple(asked.levels)
