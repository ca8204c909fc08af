"""DPM-Solver++ of order 2, as a plugin with its two variants."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench import Solver
from bridgebench.toolkit.citation import bibtex
from bridgebench_solvers.dpmpp_2m import dpmpp_2m
from bridgebench_solvers.dpmpp_2s import dpmpp_2s
from bridgebench_solvers.intervals import steps, whole_intervals

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench import Denoiser, Noise


class DpmVariant(StrEnum):
    """How the second order is reached."""

    MULTISTEP = "2m"
    SINGLESTEP = "2s"


class Dpm(Solver):
    """DPM-Solver++ (Lu et al. 2022): order 2, multistep (2m) or singlestep (2s).

    2m uses the denoised image of the interval before and takes one evaluation an interval; its
    first step is of order 1. 2s looks at the middle of each interval and takes two. Both run up and
    down, with a fresh history for each direction.
    """

    name: ClassVar[str] = "dpm"
    order: ClassVar[int] = 2
    citation: ClassVar[str] = bibtex("bridgebench_solvers", "lu2022dpmsolverpp")

    variant: DpmVariant = Field(
        DpmVariant.MULTISTEP,
        description="2m: multistep, one evaluation an interval; 2s: singlestep, two",
    )

    def intervals(self, nfe: int) -> int:
        """One evaluation an interval for 2m, two for 2s."""
        evaluations = 1 if self.variant is DpmVariant.MULTISTEP else 2
        return whole_intervals(f"{self.name}:variant={self.variant}", evaluations, nfe)

    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise) -> Tensor:
        """Carry `x`, (B, C, H, W), along the grid."""
        step_through = dpmpp_2m if self.variant is DpmVariant.MULTISTEP else dpmpp_2s
        return step_through(denoiser, x, steps(self.name, sigmas))
