"""Solvers: carry a state along a grid of noise levels, up (encode) or down (decode)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from bridgebench.interfaces.plugin import Plugin
from bridgebench.toolkit.noise_levels import Spacing

if TYPE_CHECKING:
    from torch import Tensor

    from bridgebench.interfaces.score_model import Denoiser


Noise = Callable[[int], "Tensor"]
"""The random draws of an integration: step -> (B, C, H, W) standard normal, each item its own.

The draws of a step are the same each time that they are asked for.
"""


class Solver(Plugin, ABC):
    """Solves dx/dσ = (x - D(x; σ))/σ, or a stochastic equation with the same marginals.

    The grid of σ rises or falls.
    """

    order: ClassVar[int]
    """The order of convergence."""

    stochastic: ClassVar[bool] = False
    """Whether it uses its random draws: it then only goes down, and nothing undoes it."""

    adaptive: ClassVar[bool] = False
    """Whether it chooses its own steps: the grid then gives the two ends, and its number of
    intervals the most steps; the evaluations that it takes are counted for each row."""

    citation: ClassVar[str] = ""
    """BibTeX of what to cite where it was used."""

    spacing: Spacing = Field(
        Spacing.KARRAS, description="how the noise levels are spaced: " + ", ".join(Spacing)
    )

    @abstractmethod
    def intervals(self, nfe: int) -> int:
        """How many intervals of the grid `nfe` network evaluations of an image pay for, exactly.

        BudgetError, naming the nearest budgets that can be met, where that is not possible.
        """

    @abstractmethod
    def solve(self, denoiser: Denoiser, x: Tensor, sigmas: Sequence[float], noise: Noise) -> Tensor:
        """Carry `x`, (B, C, H, W) at sigmas[0], to sigmas[-1]; only a stochastic one uses `noise`.

        The sigmas are Python floats, strictly rising or strictly falling; coefficients are computed
        from them in float64 and the state keeps the dtype of `x`. `x` itself is not changed.
        """

    def solve_carried(
        self,
        denoiser: Denoiser,
        x: Tensor,
        sigmas: Sequence[float],
        noise: Noise,
        carry: Tensor | None,
    ) -> tuple[Tensor, Tensor | None]:
        """As `solve`, for a solver that needs more than the state to go the same way back.

        Returns the state at sigmas[-1] and what to give as `carry` to set out from there again; it
        is shaped as `x`, on the scale of the unit latent, and zero says nothing. A solver that is
        given None, or zeros, sets out from the state alone, as `solve` does. By default nothing is
        carried.
        """
        return self.solve(denoiser, x, sigmas, noise), None
