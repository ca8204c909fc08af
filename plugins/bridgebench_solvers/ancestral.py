"""Ancestral sampling: DDPM, and all between it and DDIM.

Song, Meng and Ermon, "Denoising Diffusion Implicit Models", ICLR 2021, equations 12 and 16. In the
state x̄ = x/α a step from σ to σ' < σ is

    x̄' = D + sqrt(σ'² - s²)/σ·(x̄ - D) + s·ε,    s = η·σ'·sqrt(1 - σ'²/σ²)

which is DDPM (Ho, Jain and Abbeel, NeurIPS 2020) at η = 1 and DDIM, an Euler step, at η = 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import InvalidOption, Solver
from bridgebench.toolkit.citation import bibtex
from bridgebench_solvers.intervals import steps, whole_intervals

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import Denoiser, Noise


class Ancestral(Solver):
    """Ancestral sampling, stochastic: DDPM at eta=1, DDIM at eta=0; one evaluation an interval.

    It only goes down. Each step adds noise of each item's own, so that no latent is undone.
    """

    name: ClassVar[str] = "ancestral"
    order: ClassVar[int] = 1
    stochastic: ClassVar[bool] = True
    citation: ClassVar[str] = bibtex("bridgebench_solvers", "song2021ddim")

    eta: float = Field(
        1.0, ge=0, le=1, description="noise of each step: 1 is DDPM, 0 is DDIM, which adds none"
    )

    def intervals(self, nfe: int) -> int:
        """One evaluation an interval."""
        return whole_intervals(self.name, 1, nfe)

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise) -> Tensor:
        """Carry `x`, (B, C, H, W), down the grid; InvalidOption for a grid that rises."""
        intervals = steps(self.name, sigmas)
        if sigmas[0] < sigmas[-1]:
            raise InvalidOption(
                f"{self.name} is stochastic and only goes down, but the noise levels rise from "
                f"{sigmas[0]:g} to {sigmas[-1]:g}; encode with a solver of the ODE, such as heun"
            )
        for step, (sigma, sigma_next) in enumerate(intervals):
            s = self.eta * sigma_next * math.sqrt(1 - (sigma_next / sigma) ** 2)
            D = denoiser(x, x.new_full((len(x),), sigma))
            x = D.lerp(x, math.sqrt(sigma_next**2 - s**2) / sigma)
            if s > 0:
                x = x.add(noise(step), alpha=s)
        return x
