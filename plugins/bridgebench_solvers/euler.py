"""The Euler method, which on this ODE is DDIM.

Song, Meng and Ermon, "Denoising Diffusion Implicit Models", ICLR 2021, section 4.3: in the state
x̄ = x/α and σ = sqrt((1 - ᾱ)/ᾱ) their deterministic update is an Euler step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from bridgebench import Solver
from bridgebench.toolkit.citation import bibtex
from bridgebench_solvers.intervals import steps, whole_intervals

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import Denoiser, Noise


class Euler(Solver):
    """Euler's method, which is DDIM: order 1, one evaluation an interval.

    The denoiser is evaluated at the current point and the current σ, in both directions.
    """

    name: ClassVar[str] = "euler"
    order: ClassVar[int] = 1
    citation: ClassVar[str] = bibtex("bridgebench_solvers", "song2021ddim")

    def intervals(self, nfe: int) -> int:
        """One evaluation an interval."""
        return whole_intervals(self.name, 1, nfe)

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise) -> Tensor:
        """Carry `x`, (B, C, H, W), along the grid."""
        for sigma, sigma_next in steps(self.name, sigmas):
            D = denoiser(x, x.new_full((len(x),), sigma))
            # x̄ + (σ' - σ)(x̄ - D)/σ, written as the point σ'/σ of the way from D to x̄
            x = D.lerp(x, sigma_next / sigma)
        return x
