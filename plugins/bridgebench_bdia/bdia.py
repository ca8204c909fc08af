"""BDIA-DDIM, an integrator whose every step can be undone exactly.

Zhang, Lewis and Kleijn, "Exact Diffusion Inversion via Bi-directional Integration Approximation",
ECCV 2024, https://arxiv.org/abs/2307.10829, section 4. In their variance-preserving state
z = x̄/sqrt(1 + σ²), with Δ(i→j) the DDIM step from z_i to level j:

    z_{i-1} = z_i + Δ(i→i-1) + γ·[z_{i+1} - z_i - Δ(i→i+1)]

Both Δ use the one network evaluation at z_i, so that the formula can be solved for z_{i+1}.

The paper sets out on a pair of states. Here a state sets out alone, with a DDIM step, unless it
comes with the bracket of its level, which is all that the pair says besides the state itself. The
network is evaluated at both ends of the grid, which gives the bracket for the way back: one
evaluation more than there are intervals, where the paper's way back saves its first.

States lie on a lattice of 16 machine epsilons, as in Zhang, Lewis and Kleijn, "On Exact Bit-level
Reversible Transformers Without Changing Architectures", 2024: at γ = 1 a step then adds on the way
up what it takes away on the way down, bit for bit. Without it a network whose output changes
quickly with its input multiplies the round-off of each step, by 10^4 on digits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import BudgetError, InvalidOption, Solver
from bridgebench.toolkit.citation import bibtex

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import Denoiser, Noise


class Bdia(Solver):
    """BDIA-DDIM (Zhang, Lewis and Kleijn 2024): order 2, exactly invertible at any budget.

    Up and down again with one denoiser returns to round-off, because the solver carries what it
    knew of the last but one state along with the last. A latent that a transform has changed sets
    out from itself alone. With another denoiser on the way down there is nothing to undo. One
    evaluation at each noise level of the grid, so one more than there are intervals.
    """

    name: ClassVar[str] = "bdia"
    order: ClassVar[int] = 2
    citation: ClassVar[str] = bibtex("bridgebench_bdia", "zhang2024exact")

    gamma: float = Field(
        1.0,
        gt=0,
        le=1,
        description="weight γ of the step behind: below 1 the order is 1, and the way up "
        "multiplies errors by 1/γ at each step, so that long encodes diverge",
    )

    def intervals(self, nfe: int) -> int:
        """One evaluation at each noise level."""
        if nfe < 2:
            raise BudgetError(
                f"{self.name} evaluates the network at both ends of an interval, so nfe={nfe} "
                "cannot be met; the least is 2"
            )
        return nfe - 1

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise) -> Tensor:
        """Carry `x`, (B, C, H, W), along the grid."""
        return self.solve_carried(denoiser, x, sigmas, noise, None)[0]

    def solve_carried(
        self,
        denoiser: Denoiser,
        x: Tensor,
        sigmas: Sequence[float],
        noise: Noise,
        carry: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """Carry `x` along the grid; with the last bracket of the formula, for the way back."""
        import torch

        check_grid(self.name, sigmas)
        gamma = self.gamma if sigmas[0] > sigmas[-1] else 1 / self.gamma
        z = on_lattice(x / math.hypot(1, sigmas[0]))
        z_before, bracket = None, torch.zeros_like(z) if carry is None else carry
        for i, sigma in enumerate(sigmas):
            x_bar = z * math.hypot(1, sigma)
            D = denoiser(x_bar, z.new_full((len(z),), sigma))
            if z_before is not None:
                behind = ddim(x_bar, D, sigma, sigmas[i - 1])
                bracket = z_before - behind
            if i + 1 == len(sigmas):
                break
            ahead = ddim(x_bar, D, sigma, sigmas[i + 1])
            if z_before is None:  # what is carried is the whole bracket, already weighted
                z_next = on_lattice(ahead + bracket)
            elif gamma == 1:  # z_{i+1} + [Δ(i→i-1) - Δ(i→i+1)], exact on the lattice
                z_next = z_before + on_lattice(ahead - behind)
            else:
                z_next = on_lattice(ahead + gamma * bracket)
            z_before, z = z, z_next
        return z * math.hypot(1, sigmas[-1]), bracket


def ddim(x_bar: Tensor, D: Tensor, sigma: float, sigma_next: float) -> Tensor:
    """z + Δ: the variance-preserving state after a DDIM step of x̄, (B, C, H, W), from σ to σ'."""
    return D.lerp(x_bar, sigma_next / sigma).div_(math.hypot(1, sigma_next))


def on_lattice(z: Tensor) -> Tensor:
    """`z` rounded to multiples of 16 machine epsilons, (B, C, H, W).

    Their sums are exact while |z| is below 32 in float32.

    >>> import torch
    >>> on_lattice(torch.tensor([1.0000001, 0.25])).tolist()
    [1.0, 0.25]
    """
    import torch

    spacing = 16 * torch.finfo(z.dtype).eps
    return (z / spacing).round_().mul_(spacing)


def check_grid(solver: str, sigmas: Sequence[float]) -> None:
    """InvalidOption unless there are at least two noise levels, above 0, that rise or fall."""
    steps = [b - a for a, b in pairwise(sigmas)]
    one_way = all(step > 0 for step in steps) or all(step < 0 for step in steps)
    if not steps or not one_way or min(sigmas) <= 0:
        raise InvalidOption(
            f"{solver} needs at least two noise levels above 0 that strictly rise or strictly "
            f"fall, got {list(sigmas)}"
        )
