"""Heun's method, the explicit trapezoidal rule.

Karras, Aittala, Aila and Laine, "Elucidating the Design Space of Diffusion-Based Generative
Models", NeurIPS 2022, algorithm 1, without its last step to σ = 0.
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


class Heun(Solver):
    """Heun's method of EDM: order 2, two evaluations an interval.

    It evaluates at both ends of an interval, so that σ = 0, where the slope is 0/0, can be no end.
    """

    name: ClassVar[str] = "heun"
    order: ClassVar[int] = 2
    citation: ClassVar[str] = bibtex("bridgebench_solvers", "karras2022elucidating")

    def intervals(self, nfe: int) -> int:
        """Two evaluations an interval."""
        return whole_intervals(self.name, 2, nfe)

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise) -> Tensor:
        """Carry `x`, (B, C, H, W), along the grid."""
        for t_cur, t_next in steps(self.name, sigmas):
            d_cur = (x - denoiser(x, x.new_full((len(x),), t_cur))) / t_cur
            x_euler = x.add(d_cur, alpha=t_next - t_cur)
            d_next = (x_euler - denoiser(x_euler, x.new_full((len(x),), t_next))) / t_next
            x = x.add(d_cur + d_next, alpha=(t_next - t_cur) / 2)
        return x
