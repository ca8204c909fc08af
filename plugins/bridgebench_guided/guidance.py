"""A denoiser that is guided by a label and by a hue, where a solver asks for it, and a restart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import torch

from bridgebench.toolkit.color import onto_hue
from bridgebench.toolkit.probability_flow import decode, latent_scale

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import Denoiser, Solver


Aim = Callable[["Tensor", "Tensor"], "Tensor"]
"""(B, 3, H, W), (B,) degrees -> (B, 3, H, W): images in the hue that they are moved towards."""


@dataclass(frozen=True)
class GuidedDenoiser:
    """A denoiser of the target, guided.

    target      the denoiser under the target's label
    unconditional  the denoiser under no label, or None where no weight is given to it
    weight      w of D + w·(D - D_unconditional), classifier-free guidance beyond the label's
    above       noise level above which `weight` is given (Kynkäänniemi et al. 2024)
    hue         (B,) degrees, the hue of each source
    color       weight λ of the hue, from 0 to 1: a step of size λ down the energy of the color
    aim         (D, hue) -> D in that hue
    sigma_min   lowest noise level
    sigma_max   highest noise level
    """

    target: Denoiser
    unconditional: Denoiser | None
    weight: float
    above: float
    hue: Tensor
    color: float
    aim: Aim
    sigma_min: float
    sigma_max: float

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """(B, 3, H, W), (B,) -> x0, (B, 3, H, W)."""
        D = self.target(x, sigma)
        weighted = sigma > self.above
        if self.unconditional is not None and weighted.any():
            away = D.lerp(self.unconditional(x, sigma), -self.weight)
            D = torch.where(weighted.view(-1, 1, 1, 1), away, D)
        if self.color == 0:
            return D
        return D.lerp(self.aim(D, self.hue.to(D)), self.color)


def restarted(
    denoiser: GuidedDenoiser,
    solver: Solver,
    x: Tensor,
    noise: Tensor,
    sigma: float,
    nfe: int,
    saturated: bool,
) -> Tensor:
    """Noise images to `sigma` and decode them again, with a step to 0 at the end.

    One restart of Xu et al., "Restart Sampling for Improving Generative Processes" (NeurIPS 2023).
    What the first decode got wrong below `sigma` is forgotten, and what is above it is kept: the
    color, so that the nearest color of the hue will do from here on. The largest channel, which
    carries an image from one hue to another, would be too large in what is left of the noise.

    Args:
        denoiser: of the target, guided.
        solver: of the decode.
        x: (B, C, H, W), images.
        noise: (B, C, H, W), standard normal.
        sigma: noise level, between the ends of the denoiser.
        nfe: evaluations; the step to 0 takes one more.
        saturated: whether the color aimed at has full saturation.

    Returns:
        (B, C, H, W), not clamped.
    """
    aim = onto_hue if saturated else denoiser.aim
    lower = replace(denoiser, sigma_max=sigma, aim=aim)
    return decode(lower, solver, (x + sigma * noise) / latent_scale(sigma), nfe, last_step=True)


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
