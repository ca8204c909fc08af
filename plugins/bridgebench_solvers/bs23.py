"""The pair of Bogacki and Shampine, which chooses its own steps.

Bogacki and Shampine, "A 3(2) pair of Runge-Kutta formulas", Applied Mathematics Letters, 1989. The
control of the step is the elementary one of Hairer, Nørsett and Wanner, "Solving Ordinary
Differential Equations I", 1993, section II.4. Each image has steps of its own, as in
Jolicoeur-Martineau et al., "Gotta Go Fast When Generating Data with Score-Based Models", 2021.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import BudgetError, Solver
from bridgebench.toolkit.citation import bibtex
from bridgebench_solvers.intervals import steps

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import Denoiser, Noise

SAFETY, LEAST, MOST = 0.9, 0.2, 5.0
"""By how much less than the estimate says a step grows, and the bounds of its growth."""


class Bs23(Solver):
    """Bogacki-Shampine 3(2), adaptive: order 3, three evaluations a step and one before the first.

    It integrates in σ, with steps of each image's own, so that an image does not depend on the
    others of its batch. The budget is the most that it may take; the network evaluates a batch
    until its last image is done. A step is repeated where its estimated error, the root mean square
    over the image, is above atol + rtol·|x̄|.
    """

    name: ClassVar[str] = "bs23"
    order: ClassVar[int] = 3
    adaptive: ClassVar[bool] = True
    citation: ClassVar[str] = bibtex("bridgebench_solvers", "bogacki1989pair")

    rtol: float = Field(0.01, gt=0, lt=1, description="tolerated error of a step, of the state")
    atol: float = Field(0.01, gt=0, description="tolerated error of a step, beside that")

    def intervals(self, nfe: int) -> int:
        """The most steps: one evaluation before the first, then three a step."""
        if nfe < 4:
            raise BudgetError(
                f"{self.name} evaluates the network once and then three times a step, so "
                f"nfe={nfe} cannot be met; the least is 4"
            )
        return (nfe - 1) // 3

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise) -> Tensor:
        """Carry `x`, (B, C, H, W), from one end of the grid to the other.

        BudgetError where an image needs more steps than the grid has intervals.
        """
        import torch

        most, end = len(steps(self.name, sigmas)), sigmas[-1]
        sigma = torch.full((len(x),), sigmas[0], dtype=torch.float64, device=x.device)
        h = (end - sigma).clamp(-sigma / 2, sigma / 2)
        k1 = slope(denoiser, x, sigma)
        for _ in range(most):
            step, last = per_image(h, x), h == end - sigma
            sigma_next = torch.where(last, end, sigma + h)
            k2 = slope(denoiser, x + step / 2 * k1, sigma + h / 2)
            k3 = slope(denoiser, x + 3 * step / 4 * k2, sigma + 3 * h / 4)
            x_next = x + step / 9 * (2 * k1 + 3 * k2 + 4 * k3)
            k4 = slope(denoiser, x_next, sigma_next)
            error = self._error(step / 72 * (-5 * k1 + 6 * k2 + 8 * k3 - 9 * k4), x, x_next)
            good = ~(error > 1)  # also where it is NaN, which the runner reports
            x = torch.where(per_image(good, x), x_next, x)
            k1 = torch.where(per_image(good, x), k4, k1)
            sigma = torch.where(good, sigma_next, sigma)
            if (sigma == end).all():
                return x
            h = h * (SAFETY * error ** (-1 / 3)).nan_to_num(MOST).clamp(LEAST, MOST)
            h = torch.where(h.abs() < (end - sigma).abs(), h, end - sigma)
        raise BudgetError(
            f"{self.name} needs more than {most} steps from {sigmas[0]:g} to {end:g} at "
            f"rtol={self.rtol:g} and atol={self.atol:g}; raise nfe, which pays for {most} steps, "
            "or the tolerances"
        )

    def _error(self, difference: Tensor, x: Tensor, x_next: Tensor) -> Tensor:
        """(B,) float64: the error of a step in units of what is tolerated."""
        tolerated = self.atol + self.rtol * x.abs().maximum(x_next.abs())
        return (difference / tolerated).double().flatten(1).square().mean(1).sqrt()


def slope(denoiser: Denoiser, x: Tensor, sigma: Tensor) -> Tensor:
    """dx̄/dσ at (B,) noise levels, (B, C, H, W)."""
    return (x - denoiser(x, sigma.to(x.dtype))) / per_image(sigma, x)


def per_image(values: Tensor, x: Tensor) -> Tensor:
    """(B,) shaped to be combined with `x`, (B, C, H, W); numbers in its dtype.

    >>> import torch
    >>> per_image(torch.ones(2), torch.ones(2, 3, 4, 4)).shape
    torch.Size([2, 1, 1, 1])
    """
    shaped = values.view(-1, *(1,) * (x.ndim - 1))
    return shaped.to(x.dtype) if values.is_floating_point() else shaped
